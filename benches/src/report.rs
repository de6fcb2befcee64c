//! What comes of a run: tables on the screen and in `docs/performance.md`, rows in CSV files, plots in SVG files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A table with a name, under which it stands in the document.
pub struct Table {
    pub name: &'static str,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(name: &'static str, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { name, columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    pub fn markdown(&self) -> String {
        let mut text = format!("| {} |\n|{}\n", self.columns.join(" | "), "---|".repeat(self.columns.len()));
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }
}

/// One figure, as it stands in the CSV file.
pub struct Figure {
    pub section: &'static str,
    pub case: String,
    pub size: usize,
    pub unit: &'static str,
    pub value: f64,
}

/// A goal, and what was measured.
pub struct Goal {
    pub what: String,
    pub goal: String,
    pub measured: String,
    pub met: bool,
}

/// All that a run makes.
#[derive(Default)]
pub struct Report {
    tables: Vec<Table>,
    figures: Vec<Figure>,
    pub goals: Vec<Goal>,
}

impl Report {
    pub fn table(&mut self, table: Table) {
        println!("\n## {}\n\n{}", table.name, table.markdown());
        self.tables.push(table);
    }

    pub fn figure(&mut self, section: &'static str, case: &str, size: usize, unit: &'static str, value: f64) {
        self.figures.push(Figure { section, case: case.to_owned(), size, unit, value });
    }

    pub fn goal(&mut self, what: impl Into<String>, goal: impl Into<String>, measured: impl Into<String>, met: bool) {
        self.goals.push(Goal { what: what.into(), goal: goal.into(), measured: measured.into(), met });
    }

    /// The figures of one section and unit.
    pub fn of(&self, section: &str, unit: &str) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(move |figure| figure.section == section && figure.unit == unit)
    }

    pub fn finish(&mut self) {
        if self.goals.is_empty() {
            return;
        }
        let mut table = Table::new("goals", ["what", "goal", "measured", "met"]);
        for goal in &self.goals {
            let met = if goal.met { "yes" } else { "**no**" };
            table.row([&goal.what, &goal.goal, &goal.measured, met]);
        }
        self.table(table);
    }

    /// Writes one CSV file with all figures.
    pub fn write_csv(&self, directory: &Path) -> std::io::Result<PathBuf> {
        let mut csv = String::from("section,case,bytes,unit,value\n");
        for Figure { section, case, size, unit, value } in &self.figures {
            let _ = writeln!(csv, "{section},{case:?},{size},{unit},{value:.3}");
        }
        let path = directory.join("figures.csv");
        std::fs::write(&path, csv)?;
        Ok(path)
    }

    /// Replaces, in the document, what stands between the marks of each table that was made.
    pub fn fill(&self, document: &Path) -> std::io::Result<()> {
        let mut text = std::fs::read_to_string(document)?;
        for table in &self.tables {
            let (begin, end) = (format!("<!-- {} -->\n", table.name), format!("<!-- end of {} -->", table.name));
            let (Some(from), Some(to)) = (text.find(&begin), text.find(&end)) else {
                eprintln!("{} has no place for the table {:?}", document.display(), table.name);
                continue;
            };
            text.replace_range(from + begin.len()..to, &format!("\n{}\n", table.markdown()));
        }
        std::fs::write(document, text)
    }
}

/// Nanoseconds with as many digits as say something.
pub fn ns(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 10.0 => format!("{n:.1}"),
        n if n < 10_000.0 => format!("{n:.0}"),
        n if n < 1e6 => format!("{:.1} µs", n / 1e3),
        n => format!("{:.1} ms", n / 1e6),
    }
}
