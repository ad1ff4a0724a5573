"""One page for a newcomer: what a transaction costs, where, and what it must cost."""

from typing import Any

Result = dict[str, Any]
NAME = 30


def rendered(result: Result) -> str:
    parts = (_service, _sam, _floor, _verdict)
    return "\n".join(line for part in parts for line in part(result))


def _service(result: Result) -> list[str]:
    service = result["service"]
    phases = list(service["phases"])
    title = f"CPU of the service, ms for each of {result['transactions']} signatures"
    lines = [
        f"{title} (browser and wallet not counted)",
        _row("process", [*phases, "all"]),
    ]
    for process, by_phase in service["cpu_ms"].items():
        numbers = [by_phase[phase] for phase in phases]
        lines.append(_row(process, _ms([*numbers, sum(numbers)])))
    sums = [sum(p[phase] for p in service["cpu_ms"].values()) for phase in phases]
    low, middle, high = service["total_ms"]
    wall = "wall, wallet included: p50 {p50:.0f} ms, p95 {p95:.0f} ms"
    return [
        *lines,
        _row("all", _ms([*sums, sum(sums)])),
        f"  batches: min {low:.1f}, median {middle:.1f}, max {high:.1f} ms;"
        f" {wall.format(**service['wall_ms'])}",
        "  wallet = request, submit; return = confirm, finish, time stamp, embed,"
        " validate",
        "",
    ]


def _sam(result: Result) -> list[str]:
    sam = result["sam"]
    calls = list(sam["calls"])
    lines = [
        "Inside the SAM, called in one process without its door: median CPU ms",
        _row("step", [*calls, "all"]),
    ]
    for step, by_call in sam["cpu_ms"].items():
        numbers = [by_call.get(call, 0.0) for call in calls]
        lines.append(_row(step, _ms([*numbers, sum(numbers)], 2)))
    walls = [sam["wall_ms"][call] for call in calls]
    commits = [sam["database_transactions"][call] for call in calls]
    cpu = [sum(s.get(call, 0.0) for s in sam["cpu_ms"].values()) for call in calls]
    return [
        *lines,
        _row("all", _ms([*cpu, sum(cpu)], 2)),
        _row("wall, CA and disk included", _ms([*walls, sum(walls)], 1)),
        _row("database transactions", [f"{n:g}" for n in (*commits, sum(commits))]),
        "",
    ]


def _floor(result: Result) -> list[str]:
    floor = result["floor"]
    operations = list(floor["operation_us"])
    lines = [
        "The floor: P-256 operations of one signature, counted, timed with OpenSSL",
        _row("who", [*operations, "µs"]),
    ]
    for party, counts in floor["counts"].items():
        numbers = [str(counts.get(name, 0) or "·") for name in operations]
        lines.append(_row(party, [*numbers, f"{floor['party_us'][party]:.0f}"]))
    counted = [
        sum(c.get(name, 0) for c in floor["counts"].values()) for name in operations
    ]
    median = [f"{floor['operation_us'][name][1]:.1f}" for name in operations]
    spread = [
        f"{low:.0f}–{high:.0f}" for low, _, high in floor["operation_us"].values()
    ]
    return [
        *lines,
        _row("all", [*map(str, counted), f"{floor['total_us']:.0f}"]),
        _row("µs each, median", median),
        _row("µs each, min–max", spread),
        "",
    ]


def _verdict(result: Result) -> list[str]:
    ratio, handshake = result["ratio"], result["tls_handshake_us"]
    return [
        f"service CPU ÷ floor {ratio['service']:.0f}    SAM's calls ÷ their floor"
        f" {ratio['sam']:.1f}",
        f"not in the floor: one TLS handshake to the CA, both ends {handshake:.0f} µs",
    ]


def _row(name: str, cells: list[str]) -> str:
    return f"  {name:{NAME}}" + "".join(f"{cell:>10}" for cell in cells)


def _ms(values: list[float], digits: int = 1) -> list[str]:
    return [f"{value:.{digits}f}" for value in values]
