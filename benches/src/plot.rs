//! Plots of figures against record size, both axes logarithmic.

use std::collections::BTreeMap;
use std::path::Path;

use plotters::prelude::*;

use crate::report::Report;

/// Draws the figures of a section, one line per case.
pub fn draw(
    report: &Report,
    section: &str,
    unit: &str,
    title: &str,
    to: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut lines: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    for figure in report.of(section, unit) {
        if !order.contains(&figure.case.as_str()) {
            order.push(&figure.case);
        }
        lines.entry(&figure.case).or_default().push((figure.size as f64, figure.value));
    }
    let points = || lines.values().flatten();
    let bound = |of: fn(&(f64, f64)) -> f64, start: f64, pick: fn(f64, f64) -> f64| points().map(of).fold(start, pick);
    if points().count() == 0 {
        return Ok(());
    }
    let x = bound(|p| p.0, f64::INFINITY, f64::min)..bound(|p| p.0, 0.0, f64::max);
    let y = bound(|p| p.1, f64::INFINITY, f64::min) / 1.5..bound(|p| p.1, 0.0, f64::max) * 1.5;
    let root = SVGBackend::new(to, (900, 520)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .right_y_label_area_size(0)
        .build_cartesian_2d(x.log_scale(), y.log_scale())?;
    chart
        .configure_mesh()
        .x_desc("bytes of a record")
        .y_desc(unit)
        .x_label_formatter(&|x| crate::record::bytes(*x as usize))
        .draw()?;
    for (i, case) in order.iter().enumerate() {
        let colour = Palette99::pick(i).to_rgba();
        let width = if case.starts_with("shmrec") { 3 } else { 1 };
        let line = LineSeries::new(lines[case].iter().copied(), colour.stroke_width(width)).point_size(2);
        chart.draw_series(line)?.label(*case).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .draw()?;
    root.present()?;
    Ok(())
}
