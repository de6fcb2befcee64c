//! Headers for C and C++: what the machine's own compilers say of them, for schemas at random too, and what a C program
//! reads of a record that was written in Rust.

mod laid;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use laid::{Laid, any_record, any_type};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRng, TestRunner};
use shmrec::schema::{Schema, Type};
use shmrec::{FixedVec, SharedField, SharedRecord};

/// A directory of this test's own, which goes when the test is over.
struct Dir(PathBuf);

impl Dir {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("shmrec-c-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory for the test");
        Self(path)
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file for the test");
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// The machine's compiler for a language: from the environment, or by its usual name.
fn compiler(variable: &str, usual: &str) -> Option<String> {
    let name = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let works = Command::new(&name).arg("--version").output().is_ok_and(|output| output.status.success());
    if !works {
        // Where all checks run, a skipped one is a failure.
        let all = std::env::var_os("CI").is_some() && cfg!(target_os = "linux");
        assert!(!all, "there is no compiler {name}");
        eprintln!("skipped: there is no compiler {name}");
    }
    works.then_some(name)
}

const WARNINGS: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Wpadded", "-Werror", "-O1"];

/// Compiles a source file, without a warning.
fn compile(compiler: &str, standard: &str, source: &Path, arguments: &[&str]) {
    let output = Command::new(compiler)
        .arg(format!("-std={standard}"))
        .args(WARNINGS)
        .arg(source)
        .args(arguments)
        .output()
        .expect("the compiler starts");
    assert!(
        output.status.success(),
        "{compiler} -std={standard} refuses {}\n{}\n{}",
        source.display(),
        String::from_utf8_lossy(&output.stderr),
        fs::read_to_string(source).unwrap_or_default(),
    );
}

/// Looks at a header with both languages, in their oldest standard that will do and in the newest of all.
fn accepted(dir: &Dir, text: &str) {
    for (variable, usual, ending, standards) in
        [("CC", "cc", "c", ["c11", "gnu2x"]), ("CXX", "c++", "cpp", ["c++11", "gnu++20"])]
    {
        let source = dir.file(&format!("header.{ending}"), text);
        if let Some(compiler) = compiler(variable, usual) {
            for standard in standards {
                compile(&compiler, standard, &source, &["-fsyntax-only"]);
            }
        }
    }
}

/// The state of the pump; */ ends nothing. /* Nor does this begin anything.
#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(i16)]
enum Pump {
    /// At rest.
    Off = -1,
    Running = 300,
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(i64)]
enum Wide {
    Least = i64::MIN,
    Most = i64::MAX,
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(u64)]
enum Huge {
    Most = u64::MAX,
    Zero = 0,
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
enum Alarm {
    None,
    /// Which valve.
    Valve(u8),
    Leak {
        litres: f64,
        #[record(capacity = 6)]
        room: String,
        since: Option<Duration>,
    },
}

/// Where a tank stands.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Tank {
    level: f32,
    #[record(rename = "int")]
    kind: char,
    full: bool,
}

/// Everything that a plant has.
///
#[doc = " \u{202e}In both directions\u{7}."]
#[derive(SharedRecord, Clone, Debug, PartialEq)]
#[record(name = "plant.State")]
#[allow(non_snake_case)]
struct Plant {
    /// Counts from 1.
    sequence: NonZero<u32>,
    pump: Pump,
    wide: [Wide; 2],
    huge: Huge,
    alarms: [Alarm; 3],
    #[record(capacity = 3)]
    tanks: Vec<Tank>,
    #[record(capacity = (2, 5))]
    names: Vec<String>,
    pair: (u8, (i64, [bool; 2])),
    big: u128,
    less: i128,
    maybe: Option<u16>,
    never: Option<u16>,
    at: SystemTime,
    v4: Ipv4Addr,
    ip: IpAddr,
    socket: SocketAddr,
    grid: [[i16; 3]; 2],
    none: [u64; 0],
    recent: FixedVec<f64, 2>,
    #[record(rename = "größe")]
    r#class: i8,
    r#struct: u8,
    plant_State: u8,
    plant_State_Pump_Off: u8,
    linux: u8,
    __x: u8,
}

fn plant() -> Plant {
    Plant {
        sequence: NonZero::new(4_000_000_000).expect("not 0"),
        pump: Pump::Running,
        wide: [Wide::Least, Wide::Most],
        huge: Huge::Most,
        alarms: [
            Alarm::Leak { litres: 2.5, room: "cellar".into(), since: Some(Duration::new(7, 8)) },
            Alarm::None,
            Alarm::Valve(9),
        ],
        tanks: vec![Tank { level: 0.25, kind: 'ß', full: true }, Tank { level: -1.5, kind: 'x', full: false }],
        names: vec!["one".into(), "zwölf".chars().take(4).collect()],
        pair: (1, (-2, [true, false])),
        big: 1 << 100 | 5,
        less: -3,
        maybe: Some(65535),
        never: None,
        at: SystemTime::UNIX_EPOCH - Duration::from_millis(1500),
        v4: Ipv4Addr::new(192, 168, 1, 2),
        ip: IpAddr::V6(Ipv6Addr::LOCALHOST),
        socket: SocketAddr::from(([10, 0, 0, 1], 8080)),
        grid: [[1, -2, 3], [-4, 5, -6]],
        none: [],
        recent: FixedVec::try_from(&[0.5][..]).expect("one fits"),
        r#class: -7,
        r#struct: 8,
        plant_State: 9,
        plant_State_Pump_Off: 10,
        linux: 11,
        __x: 12,
    }
}

/// Reads the image from the file that it is given, and prints what it finds.
const READER: &str = r#"
#include <inttypes.h>
#include <stdio.h>
#include "plant.h"

int main(int count, char **arguments) {
    static plant_State p;
    static const uint8_t fingerprint[16] = plant_State_FINGERPRINT;
    FILE *file = count > 1 ? fopen(arguments[1], "rb") : NULL;
    uint32_t i;
    if (file == NULL || fread(&p, sizeof p, 1, file) != 1 || fgetc(file) != EOF) {
        return 1;
    }
    for (i = 0; i < 16; i++) {
        printf("%02x", fingerprint[i]);
    }
    printf("\nsequence %" PRIu32 "\n", p.sequence);
    printf("pump %d %d %d\n", p.pump, p.pump == plant_State_Pump_Running, p.pump == plant_State_Pump_Off);
    printf("wide %d %d\n", p.wide[0] == plant_State_Wide_Least, p.wide[1] == plant_State_Wide_Most);
    printf("wide %" PRId64 " %" PRId64 "\n", p.wide[0], p.wide[1]);
    printf("huge %" PRIu64 " %d\n", p.huge, p.huge == plant_State_Huge_Most);
    for (i = 0; i < 3; i++) {
        switch (p.alarms[i].tag) {
        case plant_State_Alarm_None:
            printf("alarm none\n");
            break;
        case plant_State_Alarm_Valve:
            printf("alarm valve %d\n", p.alarms[i].Valve._0);
            break;
        case plant_State_Alarm_Leak: {
            plant_State_Alarm_Leak_data *leak = &p.alarms[i].Leak;
            printf("alarm leak %g %.*s %d %" PRIu64 " %" PRIu32 "\n", leak->litres, (int)leak->room.len, leak->room.text,
                   leak->since.some, leak->since.value.seconds, leak->since.value.nanoseconds);
            break;
        }
        default:
            return 2;
        }
    }
    for (i = 0; i < p.tanks.len; i++) {
        plant_State_Tank *tank = &p.tanks.items[i];
        printf("tank %g %" PRIu32 " %d\n", tank->level, tank->int_2, tank->full);
    }
    for (i = 0; i < p.names.len; i++) {
        printf("name %.*s\n", (int)p.names.items[i].len, p.names.items[i].text);
    }
    printf("pair %d %" PRId64 " %d %d\n", p.pair._0, p.pair._1._0, p.pair._1._1[0], p.pair._1._1[1]);
    printf("big %" PRIx64 " %" PRIx64 "\n", p.big.high, p.big.low);
    printf("less %" PRId64 " %" PRIx64 "\n", p.less.high, p.less.low);
    printf("maybe %d %d %d %d\n", p.maybe.some, p.maybe.value, p.never.some, p.never.value);
    printf("at %" PRId64 " %" PRIu32 "\n", p.at.seconds, p.at.nanoseconds);
    printf("v4 %d.%d.%d.%d\n", p.v4[0], p.v4[1], p.v4[2], p.v4[3]);
    printf("ip %d %d\n", p.ip.tag == plant_State_IpAddr_V6, p.ip.V6._0[15]);
    printf("socket %d %d %d\n", p.socket.tag, p.socket.V4._0.ip[0], p.socket.V4._0.port);
    printf("grid %d %d\n", p.grid[0][1], p.grid[1][2]);
    printf("recent %" PRIu32 " %g\n", p.recent.len, p.recent.items[0]);
    printf("odd %d %d %d %d %d %d\n", p.gr_e, p.struct_2, p.plant_State_2, p.plant_State_Pump_Off_2, p.linux_2, p.x);
    return 0;
}
"#;

#[test]
fn a_c_program_reads_what_was_written_in_rust() {
    let dir = Dir::new("reader");
    let header = Schema::of::<Plant>().to_c();
    dir.file("plant.h", &header);
    accepted(&dir, "#include \"plant.h\"\n#include \"plant.h\"\nint used = 1;\n");
    let source = dir.file("reader.c", READER);
    let Some(cc) = compiler("CC", "cc") else { return };
    let program = dir.0.join("reader");
    compile(&cc, "c11", &source, &["-o", program.to_str().expect("UTF-8"), "-Wno-padded"]);

    let mut image = vec![0; Plant::SIZE];
    plant().store(&mut image).expect("everything fits");
    let image = dir.file("image", image);
    let output = Command::new(&program).arg(&image).output().expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    let fingerprint: String = Plant::FINGERPRINT.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = [
        &fingerprint[..],
        "sequence 4000000000",
        "pump 300 1 0",
        "wide 1 1",
        "wide -9223372036854775808 9223372036854775807",
        "huge 18446744073709551615 1",
        "alarm leak 2.5 cellar 1 7 8",
        "alarm none",
        "alarm valve 9",
        "tank 0.25 223 1",
        "tank -1.5 120 0",
        "name one",
        "name zwöl",
        "pair 1 -2 1 0",
        "big 1000000000 5",
        "less -1 fffffffffffffffd",
        "maybe 1 65535 0 0",
        "at -2 500000000",
        "v4 192.168.1.2",
        "ip 1 1",
        "socket 4 10 8080",
        "grid -2 -6",
        "recent 1 0.5",
        "odd -7 8 9 10 11 12",
    ];
    let found = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(found.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn docs_and_names_cannot_end_their_comment() {
    let header = Schema::of::<Plant>().to_c();
    assert!(
        header.contains("/* The state of the pump; * / ends nothing. / * Nor does this begin anything. */"),
        "{header}"
    );
    assert!(header.contains("/* Everything that a plant has.\n *\n *  In both directions . */"), "{header}");
    assert!(header.contains("int8_t gr_e; /* größe */"), "{header}");
    assert!(!header.contains('\u{202e}') && !header.contains('\u{7}'));
}

#[test]
fn a_schema_from_elsewhere_may_have_gaps_any_order_and_nothing_at_all() {
    let dir = Dir::new("gaps");
    let document = |schema: &str| format!(r#"{{"shmrec":1,"schema":{schema},"docs":{{}}}}"#);
    let gaps = r#"{"record":"Gaps","size":40,"align":8,"fields":[
        {"name":"late","offset":32,"type":"u16"},
        {"name":"early","offset":4,"type":{"array":"u8","len":3}},
        {"name":"none","offset":16,"type":{"array":"u64","len":0}},
        {"name":"empty","offset":9,"type":{"record":"Nothing","size":0,"align":1,"fields":[]}},
        {"name":"many","offset":12,"type":{"vec":{"record":"Nothing","size":0,"align":1,"fields":[]},"capacity":9}},
        {"name":"maybe","offset":20,"type":{"option":{"array":"u32","len":0}}}
    ]}"#;
    let header = Schema::parse(&document(gaps)).expect("it holds together").to_c();
    for part in [
        "    alignas(8) uint8_t padding[4];\n    uint8_t early[3];\n    uint8_t padding_2[5];\n    Gaps_vec_Nothing_9 many;\n",
        "    Gaps_option_u32x0 maybe;\n    uint8_t padding_4[8];\n    uint16_t late;\n    uint8_t padding_5[6];\n",
    ] {
        assert!(header.contains(part), "{part} in {header}");
    }
    let nothing = r#"{"record":"Nothing","size":0,"align":1,"fields":[]}"#;
    let empty = Schema::parse(&document(nothing)).expect("it holds together").to_c();
    assert!(!empty.contains("typedef"), "{empty}");
    accepted(&dir, &format!("{header}\n{empty}\n"));
}

/// How many schemas at random.
const SCHEMAS: usize = 256;

#[test]
fn both_compilers_accept_the_header_of_any_schema() {
    let dir = Dir::new("random");
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(Default::default()));
    let records = any_record(any_type());
    let mut text = String::from("#define SHMREC_SEVERAL 1\n");
    for i in 0..SCHEMAS {
        let Laid { json, .. } = records.new_tree(&mut runner).expect("a schema").current();
        // In one file, for one start of the compiler: each under a name of its own.
        let (_, rest) = json.split_once(r#""record":""#).and_then(|(_, rest)| rest.split_once('"')).expect("a record");
        let json = format!(r#"{{"record":"Own{i}"{rest}"#);
        let schema =
            Schema::parse(&format!(r#"{{"shmrec":1,"schema":{json},"docs":{{}}}}"#)).expect("laid out by the rule");
        text.push_str(&schema.to_c());
    }
    accepted(&dir, &text);
}

/// Records of C's natural layout, declared as a C programmer would, stand where the schema says.
#[test]
fn a_compiler_lays_the_same_fields_out_alike() {
    let dir = Dir::new("natural");
    let Some(cc) = compiler("CC", "cc") else { return };
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(Default::default()));
    let types = prop::collection::vec(any_type(), 1..6);
    let names = ["a", "b", "c", "d", "e", "f"];
    let mut text = String::new();
    for i in 0..SCHEMAS {
        let types = types.new_tree(&mut runner).expect("types").current();
        let fields: Vec<(&str, usize, Laid)> =
            names.into_iter().zip(types).filter(|(_, ty)| ty.size > 0).map(|(name, ty)| (name, 0, ty)).collect();
        if fields.is_empty() {
            continue;
        }
        let name = format!("Own{i}");
        let schema = Schema::parse(&Laid::record(&name, &fields).document()).expect("laid out by the rule");
        text.push_str(&schema.to_c());
        // No padding of ours, and no alignment: only the types.
        text.push_str(&format!("struct natural_{name} {{\n"));
        for field in &schema.record().fields {
            text.push_str(&format!("    __typeof__((({name} *)0)->{0}) {0};\n", field.name));
        }
        text.push_str("};\n");
        for field in &schema.record().fields {
            let (own, offset) = (&field.name, field.offset);
            text.push_str(&format!("static_assert(offsetof(struct natural_{name}, {own}) == {offset}, \"{own}\");\n"));
        }
        let size = schema.record().size;
        text.push_str(&format!("static_assert(sizeof(struct natural_{name}) == {size}, \"size\");\n"));
    }
    let source = dir.file("natural.c", text);
    compile(&cc, "gnu11", &source, &["-fsyntax-only", "-Wno-padded"]);
}

#[test]
fn types_that_are_the_same_are_declared_once() {
    #[derive(SharedRecord)]
    struct Pair {
        first: Option<Tank>,
        second: Option<Tank>,
        third: [Option<Tank>; 2],
    }
    let header = Schema::of::<Pair>().to_c();
    assert_eq!(header.matches("typedef struct").count(), 3, "{header}");
    assert!(header.contains("    Pair_option_Tank third[2];\n"), "{header}");
    assert!(matches!(Schema::of::<Pair>().record().fields[0].ty, Type::Option { .. }));
}
