// A record in a Boost.Interprocess shared memory object behind an interprocess_mutex (which no death of its owner releases).
// Prints, for each size: bytes, nanoseconds of memcpy, of a read, of a write; medians.
#include <algorithm>
#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <unistd.h>
#include <vector>

namespace bip = boost::interprocess;

struct Shared {
    bip::interprocess_mutex mutex;
    alignas(64) unsigned char record[1];
};

template <class F> double time_of(F operation) {
    std::vector<double> rounds;
    for (int round = 0; round < 51; round++) {
        const int times = 2000;
        auto begun = std::chrono::steady_clock::now();
        for (int i = 0; i < times; i++) {
            operation();
            asm volatile("" ::: "memory");
        }
        std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begun;
        rounds.push_back(taken.count() / times);
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds[rounds.size() / 2];
}

int main() {
    for (size_t size : {8u, 64u, 256u, 1024u, 4096u, 65536u}) {
        std::string name = "shmrec_boost_" + std::to_string(getpid());
        bip::shared_memory_object object(bip::create_only, name.c_str(), bip::read_write);
        object.truncate(sizeof(Shared) + size + 64);
        bip::mapped_region region(object, bip::read_write);
        auto *shared = new (region.get_address()) Shared;
        std::vector<unsigned char> from(size + 64, 1), to(size + 64, 2);
        auto *source = (unsigned char *)(((size_t)from.data() + 63) / 64 * 64);
        auto *target = (unsigned char *)(((size_t)to.data() + 63) / 64 * 64);
        double copy = time_of([&] { memcpy(target, source, size); });
        double read = time_of([&] {
            bip::scoped_lock<bip::interprocess_mutex> lock(shared->mutex);
            memcpy(target, shared->record, size);
        });
        double write = time_of([&] {
            bip::scoped_lock<bip::interprocess_mutex> lock(shared->mutex);
            memcpy(shared->record, source, size);
        });
        printf("%zu %.3f %.3f %.3f\n", size, copy, read, write);
        bip::shared_memory_object::remove(name.c_str());
    }
}
