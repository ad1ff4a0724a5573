"""A local deployment asks every kind of wallet there is a profile for."""

from app.local.layout import Layout, LocalConfig
from sam.config import SamConfig
from sam.profiles.loading import SHIPPED, load


def test_a_local_sam_knows_every_shipped_profile() -> None:
    environment = Layout(LocalConfig()).environment()

    config = SamConfig.model_validate_json(
        f'{{"sam_profiles": {environment["QES_SAM_PROFILES"]}}}'
    )

    assert tuple(load(config.sam_profiles, test_mode=True)) == SHIPPED
