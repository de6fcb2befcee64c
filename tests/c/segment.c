/* A program that knows nothing of shmrec but docs/format.md and docs/protocol.md: finds a segment by its System V key,
   reads its record, and writes one.

   read PATH ID                  prints what the record says
   write COMPANION PATH ID SEQ   publishes the record SEQ, and prints the version

   The record is `Counter` of tests/src/records.rs: 64 bytes, `seq` at 0, `text` (length, up to 24 bytes) at 8, `short`
   (length, up to 12 bytes) at 36, `check`, which is ~seq, at 56. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <linux/futex.h>
#include <time.h>
#include <unistd.h>

#define MEMBERS ((off_t)1 << 61)
#define MEMBERS_LEN ((off_t)1 << 40)
#define FIRST_WRITER ((off_t)1 << 62)
#define WRITERS 2047
#define WAITERS 0x80000000u

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static unsigned char *segment;

static _Atomic uint32_t *u32_at(uint64_t at) { return (_Atomic uint32_t *)(segment + at); }
static _Atomic uint64_t *u64_at(uint64_t at) { return (_Atomic uint64_t *)(segment + at); }

static struct {
    uint64_t transfer, lock, bell, records, stride, len;
    uint32_t slots;
} geometry;

static void attach(const char *path, const char *id, int flags) {
    key_t key = ftok(path, id[0]);
    if (key == -1) fail("ftok");
    int found = shmget(key, 0, 0);
    if (found < 0) fail("shmget");
    segment = shmat(found, NULL, flags);
    if (segment == (void *)-1) fail("shmat");
    struct shmid_ds about;
    if (shmctl(found, IPC_STAT, &about) != 0) fail("shmctl");
    /* The magic is stored last: who sees it sees the rest. */
    uint64_t magic = atomic_load_explicit(u64_at(0), memory_order_acquire);
    if (about.shm_segsz < 512 || memcmp(&magic, "shmrec\r\n", 8) != 0) {
        fprintf(stderr, "not a segment of shmrec\n");
        exit(1);
    }
    /* Once, and checked before it is used. */
    unsigned char header[512];
    for (size_t i = 0; i < sizeof header; i++)
        header[i] = atomic_load_explicit((_Atomic unsigned char *)(segment + i), memory_order_relaxed);
    memcpy(&geometry.slots, header + 44, 4);
    memcpy(&geometry.stride, header + 48, 8);
    memcpy(&geometry.transfer, header + 72, 8);
    memcpy(&geometry.lock, header + 80, 8);
    memcpy(&geometry.bell, header + 88, 8);
    memcpy(&geometry.records, header + 96, 8);
    memcpy(&geometry.len, header + 32, 8);
    uint32_t format;
    memcpy(&format, header + 8, 4);
    if (format != 1 || geometry.len != 64 || geometry.transfer + 16 > about.shm_segsz ||
        geometry.lock + 128 + 4 * WRITERS > about.shm_segsz || geometry.bell + 4 > about.shm_segsz ||
        geometry.records + geometry.slots * geometry.stride > about.shm_segsz) {
        fprintf(stderr, "another record, or a damaged segment\n");
        exit(1);
    }
}

/* The last whole version, or 0. */
static uint64_t read_record(uint64_t record[8]) {
    for (;;) {
        uint64_t committed = atomic_load_explicit(u64_at(geometry.transfer + 8), memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
        if (committed == 0) return 0;
        uint64_t slot = geometry.records + (committed & (geometry.slots - 1)) * geometry.stride;
        for (int i = 0; i < 8; i++) record[i] = atomic_load_explicit(u64_at(slot + 8 * i), memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
        uint64_t begin = atomic_load_explicit(u64_at(geometry.transfer), memory_order_relaxed);
        if (begin - committed < geometry.slots) return committed;
    }
}

static int lock_bytes(int file, short kind, off_t start, off_t len) {
    struct flock lock = {.l_type = kind, .l_whence = SEEK_SET, .l_start = start, .l_len = len};
    return fcntl(file, F_OFD_SETLK, &lock);
}

static uint64_t write_record(const char *companion, const uint64_t record[8]) {
    /* A member, and the holder of a writer slot, by locks of the companion file. */
    int file = open(companion, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) fail("companion");
    srand((unsigned)(time(NULL) ^ getpid()));
    if (lock_bytes(file, F_RDLCK, MEMBERS + ((off_t)rand() << 9) % MEMBERS_LEN, 1) != 0) fail("members");
    uint32_t slot = 0;
    while (lock_bytes(file, F_WRLCK, FIRST_WRITER + slot, 1) != 0)
        if (++slot == WRITERS) fail("writer slots");
    /* The slot's generation, before its first use. */
    _Atomic uint32_t *generation = u32_at(geometry.lock + 128 + 4 * slot);
    uint32_t mine = (atomic_load(generation) + 1) & 0xfffff;
    atomic_store(generation, mine);
    mine = mine << 11 | (slot + 1);
    /* A patient writer, who leaves dead owners to programs that can tell. */
    uint32_t word = 0;
    while (!atomic_compare_exchange_weak(u32_at(geometry.lock), &word, mine)) {
        if (word == WAITERS) continue;
        word = 0;
        usleep(1000);
    }
    uint64_t version = atomic_load_explicit(u64_at(geometry.transfer + 8), memory_order_relaxed) + 1;
    atomic_store_explicit(u64_at(geometry.transfer), version, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    uint64_t at = geometry.records + (version & (geometry.slots - 1)) * geometry.stride;
    for (int i = 0; i < 8; i++) atomic_store_explicit(u64_at(at + 8 * i), record[i], memory_order_relaxed);
    atomic_store_explicit(u64_at(geometry.transfer + 8), version, memory_order_release);
    /* Unlock, and wake whoever waits for the lock. */
    word = mine;
    if (!atomic_compare_exchange_strong(u32_at(geometry.lock), &word, 0)) {
        atomic_compare_exchange_strong(u32_at(geometry.lock), &word, 0);
        syscall(SYS_futex, u32_at(geometry.lock), FUTEX_WAKE, 1, NULL, NULL, 0);
    }
    /* The bell. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(u32_at(geometry.bell)) & 1) {
        atomic_fetch_add(u32_at(geometry.bell), 1);
        syscall(SYS_futex, u32_at(geometry.bell), FUTEX_WAKE, 0x7fffffff, NULL, NULL, 0);
    }
    close(file);
    return version;
}

int main(int argc, char **argv) {
    uint64_t record[8] = {0};
    unsigned char *bytes = (unsigned char *)record;
    if (argc == 4 && strcmp(argv[1], "read") == 0) {
        attach(argv[2], argv[3], SHM_RDONLY);
        uint64_t version = read_record(record);
        uint32_t text, brief;
        memcpy(&text, bytes + 8, 4);
        memcpy(&brief, bytes + 36, 4);
        if (text > 24 || brief > 12) {
            fprintf(stderr, "invalid lengths\n");
            return 1;
        }
        printf("version %" PRIu64 " seq %" PRIu64 " text %.*s short %.*s check %s\n", version, record[0], (int)text,
               bytes + 12, (int)brief, bytes + 40, record[7] == ~record[0] ? "good" : "bad");
    } else if (argc == 6 && strcmp(argv[1], "write") == 0) {
        attach(argv[3], argv[4], 0);
        record[0] = strtoull(argv[5], NULL, 10);
        uint32_t len = (uint32_t)snprintf((char *)bytes + 12, 24, "%" PRIu64, record[0]);
        memcpy(bytes + 8, &len, 4);
        memset(bytes + 12 + len, 0, 24 - len);
        uint32_t brief = len > 12 ? 12 : len;
        memcpy(bytes + 36, &brief, 4);
        memcpy(bytes + 40, bytes + 12 + len - brief, brief);
        record[7] = ~record[0];
        printf("version %" PRIu64 "\n", write_record(argv[2], record));
    } else {
        fprintf(stderr, "usage: read PATH ID | write COMPANION PATH ID SEQ\n");
        return 2;
    }
    return 0;
}
