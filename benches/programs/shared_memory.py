"""A record in multiprocessing.shared_memory behind a multiprocessing.Lock.

Prints, for each size: bytes, nanoseconds of a copy between two private buffers, of a read, of a write; medians.
"""

import multiprocessing
import statistics
import time
from multiprocessing import shared_memory


def time_of(operation):
    rounds = []
    for _ in range(31):
        times = 500
        begun = time.perf_counter_ns()
        for _ in range(times):
            operation()
        rounds.append((time.perf_counter_ns() - begun) / times)
    return statistics.median(rounds)


def main():
    lock = multiprocessing.Lock()
    for size in [8, 64, 256, 1024, 4096, 65536]:
        memory = shared_memory.SharedMemory(create=True, size=size)
        source, target = bytes(size), bytearray(size)
        shared = memory.buf

        def copy():
            target[:] = source

        def read():
            with lock:
                target[:] = shared[:size]

        def write():
            with lock:
                shared[:size] = source

        print(size, time_of(copy), time_of(read), time_of(write))
        del shared
        memory.close()
        memory.unlink()


if __name__ == "__main__":
    main()
