/* Preloaded into every dynamically linked program of the WSL stand-in: what no mount can change.
 *
 * uname(2) gives the release that /proc/sys/kernel/osrelease has, and in /proc/.../mounts and
 * mountinfo the drive is on 9p, as /run/standin/drvfs words it. Own declarations instead of
 * headers: tcc needs no C library's development files then. systemd keeps the true tables, by
 * which it mounts and waits. */

typedef unsigned long size_t;
typedef long ssize_t;
typedef struct FILE FILE;

extern void *dlsym(void *handle, const char *name);
extern long syscall(long number, ...);
extern FILE *fdopen(int fd, const char *mode);
extern int close(int fd);
extern ssize_t read(int fd, void *to, size_t size);
extern ssize_t write(int fd, const void *from, size_t size);
extern ssize_t readlink(const char *path, char *to, size_t size);
extern long lseek(int fd, long offset, int whence);
extern int memfd_create(const char *name, unsigned flags);
extern void *realloc(void *old, size_t size);
extern void free(void *old);
extern size_t strlen(const char *text);
extern char *strstr(const char *text, const char *part);
extern char *strchr(const char *text, int c);
extern int strncmp(const char *one, const char *other, size_t size);
extern int strcmp(const char *one, const char *other);

#define NEXT ((void *)-1L)
#define CLOEXEC 02000000
#define PATH_ONLY 010000000
#if defined __x86_64__
enum { SYS_openat = 257, SYS_uname = 63 };
#else
enum { SYS_openat = 56, SYS_uname = 160 };
#endif
enum { NONE, MOUNTS, MOUNTINFO };

struct utsname {
    char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

static int raw_open(const char *path) { return syscall(SYS_openat, -100, path, CLOEXEC, 0); }

/* The whole text of a file, ended by NUL, to be freed; 0 where there is none. */
static char *slurp(const char *path) {
    char *text = 0;
    size_t used = 0;
    ssize_t got;
    int fd = raw_open(path);
    if (fd < 0)
        return 0;
    do {
        text = realloc(text, used + 65537);
        got = read(fd, text + used, 65536);
        used += got > 0 ? got : 0;
    } while (got > 0);
    close(fd);
    text[used] = 0;
    return text;
}

int uname(struct utsname *to) {
    int code = syscall(SYS_uname, to), i = 0;
    char *release = slurp("/proc/sys/kernel/osrelease");
    if (release) {
        for (; release[i] && release[i] != '\n' && i < 64; i++)
            to->release[i] = release[i];
        to->release[i] = 0;
        free(release);
    }
    return code;
}

static int table(const char *path) {
    static int honest = -1;
    char program[256];
    const char *base = path;
    if (!path || strncmp(path, "/proc/", 6))
        return NONE;
    for (const char *at = path; *at; at++)
        if (*at == '/')
            base = at + 1;
    int kind = !strcmp(base, "mounts") ? MOUNTS : !strcmp(base, "mountinfo") ? MOUNTINFO : NONE;
    if (kind && honest < 0) {
        ssize_t n = readlink("/proc/self/exe", program, 255);
        program[n > 0 ? n : 0] = 0;
        honest = strstr(program, "/systemd") || strstr(program, "ntfs-3g");
    }
    return honest ? NONE : kind;
}

static void put(int fd, const char *text, size_t size) {
    if (write(fd, text, size) < 0)
        return;
}

/* Write a line of mountinfo up to its root and mount point, the first five fields. */
static void put_head(int fd, const char *line) {
    const char *at = line;
    for (int fields = 0; fields < 5 && *at; at++)
        if (*at == ' ')
            fields++;
    put(fd, line, at - line);
}

/* /run/standin/drvfs has two lines: of mounts, and of mountinfo behind the mount point. */
static int rewritten(const char *path, int kind) {
    char *real = slurp(path), *drive = slurp("/run/standin/drvfs"), *line, *end, *second;
    if (!real || !drive || !(second = strchr(drive, '\n'))) {
        free(real), free(drive);
        return raw_open(path);
    }
    *second++ = 0;
    int fd = memfd_create("mounts", 0);
    for (line = real; *line; line = end) {
        end = strchr(line, '\n');
        end = end ? end + 1 : line + strlen(line);
        char kept = *end;
        *end = 0;
        char *fuse = strstr(line, kind == MOUNTS ? "/C:\\134 " : " - fuse /C:\\134 ");
        char *windows = strstr(line, "/Windows ");
        if (fuse && kind == MOUNTS)
            put(fd, drive, strlen(drive)), put(fd, "\n", 1);
        else if (fuse)
            put_head(fd, line), put(fd, second, strlen(second));
        else if (!windows)
            put(fd, line, end - line);
        *end = kept;
    }
    free(real), free(drive);
    lseek(fd, 0, 0);
    return fd;
}

/* Named parameters take what a variadic caller passes: both use the same registers here. */
#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, int mode) {                                              \
        int kind = flags & PATH_ONLY ? NONE : table(path);                                         \
        static int (*next)(const char *, int, int);                                                \
        if (!next)                                                                                 \
            next = dlsym(NEXT, #name);                                                             \
        return kind ? rewritten(path, kind) : next(path, flags, mode);                             \
    }
#define OPENAT(name)                                                                               \
    int name(int folder, const char *path, int flags, int mode) {                                  \
        int kind = flags & PATH_ONLY ? NONE : table(path);                                         \
        static int (*next)(int, const char *, int, int);                                           \
        if (!next)                                                                                 \
            next = dlsym(NEXT, #name);                                                             \
        return kind ? rewritten(path, kind) : next(folder, path, flags, mode);                     \
    }
#define FOPEN(name)                                                                                \
    FILE *name(const char *path, const char *mode) {                                               \
        static FILE *(*next)(const char *, const char *);                                          \
        int kind = table(path);                                                                    \
        if (!next)                                                                                 \
            next = dlsym(NEXT, #name);                                                             \
        return kind ? fdopen(rewritten(path, kind), "r") : next(path, mode);                       \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
FOPEN(fopen)
FOPEN(fopen64)
