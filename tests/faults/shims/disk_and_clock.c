/* LD_PRELOAD for one process: a disk that forgets what was not synced, a clock that
 * can be set.
 *
 * fsync, fdatasync: of a database's file, a copy is put aside as it is now on the disk
 * (NAME.synced.INODE). A test that cuts the power puts these copies back.
 *
 * clock_gettime: the file that TEST_CLOCK names holds two numbers of seconds. By the
 * first the time of day was set; as long as the second, the machine slept.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static void put_aside(int fd) {
    char link[64], path[4096], copy[4200], partial[4300];
    struct stat file;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (!ends_with(path, ".db") && !ends_with(path, "-wal")) return;
    if (fstat(fd, &file) != 0) return;
    snprintf(copy, sizeof copy, "%s.synced.%lu", path, (unsigned long)file.st_ino);
    snprintf(partial, sizeof partial, "%s.partial", copy);
    int out = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0) return;
    off_t from = 0;
    while (from < file.st_size && sendfile(out, fd, &from, file.st_size - from) > 0) {}
    close(out);
    rename(partial, copy);
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    put_aside(fd);
    return real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    put_aside(fd);
    return real(fd);
}

int clock_gettime(clockid_t which, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    const char *name = getenv("TEST_CLOCK");
    long set = 0, slept = 0;
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(which, now);
    if (which != CLOCK_REALTIME && which != CLOCK_BOOTTIME) return result;
    FILE *file = name ? fopen(name, "re") : NULL;
    if (!file) return result;
    if (fscanf(file, "%ld %ld", &set, &slept) != 2) set = slept = 0;
    fclose(file);
    now->tv_sec += which == CLOCK_REALTIME ? set + slept : slept;
    return result;
}
