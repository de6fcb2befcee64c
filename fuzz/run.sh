#!/usr/bin/env bash
# Runs the fuzz targets, each for so many seconds: fuzz/run.sh SECONDS [TARGET…]; or for so many inputs, the same ones each time
# from one corpus and one build: fuzz/run.sh COUNTx [TARGET…]. With the nightly compiler they run under
# AddressSanitizer. What is found anew stays in target/fuzz/found; `fuzz/run.sh merge` adds to fuzz/corpus what is worth it.
#
# `cargo fuzz run TARGET --features libfuzzer` does the same, once cargo-fuzz is installed; this needs nothing but a compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-60}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(header schema link image names operations)
host=$(rustc -vV | sed -n 's/^host: //p')
flags="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
flags+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
flags+=" -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Ccodegen-units=1"
toolchain=()
if [ "${FUZZ_SANITIZER:-address}" = address ] && rustc +nightly --version > /dev/null 2>&1; then
    toolchain=(+nightly)
    flags+=" -Zsanitizer=address"
    echo "with AddressSanitizer: $(rustc +nightly --version)"
else
    echo "without AddressSanitizer: $(rustc --version)"
fi
RUSTFLAGS="$flags" cargo "${toolchain[@]}" build -q --release -p shmrec-fuzz --features libfuzzer --bins \
    --target "$host" --target-dir target/fuzz
one() {
    local target=$1 program=target/fuzz/$host/release/$1 found=target/fuzz/found/$1 log=target/fuzz/$1.log
    mkdir -p "$found" "fuzz/corpus/$target"
    if [ "$what" = merge ]; then
        "$program" -merge=1 -max_len=2048 "fuzz/corpus/$target" "$found" 2>&1 | tail -n 1
        return
    fi
    local until=(-max_total_time="$what")
    [ "${what%x}" = "$what" ] || until=(-runs="${what%x}" -seed=1)
    if ! "$program" "$found" "fuzz/corpus/$target" "${until[@]}" -timeout=60 -max_len=16384 -rss_limit_mb=4096 \
        -artifact_prefix="target/fuzz/$target-" -print_final_stats=1 > "$log" 2>&1; then
        tail -n 40 "$log"
        echo "$target: failed; the input is in target/fuzz/$target-*"
        return 1
    fi
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions ($what), no crash, no hang, no leak"
}
# All at once: each is one thread.
failed=0 running=()
for target in "${targets[@]}"; do
    one "$target" &
    running+=($!)
done
for process in "${running[@]}"; do
    wait "$process" || failed=1
done
exit $failed
