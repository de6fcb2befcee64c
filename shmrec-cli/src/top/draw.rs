//! What the screen looks like.

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{
    Axis, Block, Cell, Chart, Clear, Dataset, GraphType, Paragraph, Row, Sparkline, Table, TableState,
};
use shmrec::survey::{Found, State};
use shmrec::{DynRecord, LockState, Process};

use super::app::{App, Open, Order};
use super::plot::Plot;
use super::preview::preview;
use crate::commands::list::users;
use crate::context::state;
use crate::output::Ink;
use crate::text;

/// How many columns the sparkline of a segment takes.
const SPARK: u16 = 16;

pub(crate) fn draw(app: &mut App, frame: &mut Frame<'_>) {
    let [title, body, keys] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(frame.area());
    match app.open.is_some() {
        true => {
            draw_title_of_open(app, frame, title);
            draw_open(app, frame, body);
            draw_keys(
                app,
                frame,
                keys,
                &["↑↓ move", "→ ← open, close", "p plot", "space pause", "Esc back", "? help", "q quit"],
            );
        }
        false => {
            draw_title(app, frame, title);
            draw_list(app, frame, body);
            draw_keys(app, frame, keys, &["↑↓ move", "Enter open", "s sort", "/ filter", "? help", "q quit"]);
        }
    }
    if app.help {
        draw_help(app, frame);
    }
}

fn style(app: &App, ink: Ink) -> Style {
    let color = |color| if app.color { Style::new().fg(color) } else { Style::new() };
    match ink {
        Ink::Plain => Style::new(),
        Ink::Dim => Style::new().add_modifier(Modifier::DIM),
        Ink::Heading => Style::new().add_modifier(Modifier::BOLD),
        Ink::Name => color(Color::Cyan),
        Ink::Good => color(Color::Green),
        Ink::Odd => color(Color::Yellow),
        Ink::Bad => color(Color::Red),
    }
}

fn draw_title(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let in_use = app.found.iter().filter(|found| matches!(found.state, State::Used { .. })).count();
    let mut spans = vec![
        Span::styled("shmrec top", style(app, Ink::Heading)),
        Span::raw(format!("  {}, {in_use} in use", text::count(app.found.len() as u64, "segment"))),
        Span::styled(format!("  {}", text::clean(&app.directory.display().to_string())), style(app, Ink::Dim)),
    ];
    match app.order {
        Order::Name => {}
        Order::Rate => spans.push(Span::raw("  by writes")),
        Order::Size => spans.push(Span::raw("  by size")),
    }
    if app.filter.typing || !app.filter.text.is_empty() {
        let caret = if app.filter.typing { "▏" } else { "" };
        spans.push(Span::styled(format!("  /{}{caret}", text::clean(&app.filter.text)), style(app, Ink::Odd)));
    }
    frame.render_widget(Line::from(spans), area);
}

fn draw_keys(app: &App, frame: &mut Frame<'_>, area: Rect, keys: &[&str]) {
    frame.render_widget(Line::from(keys.join("  ")).style(style(app, Ink::Dim)), area);
}

fn draw_list(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    app.page = usize::from(area.height.saturating_sub(2)).max(1);
    if let Some(error) = &app.error {
        let lines =
            Paragraph::new(text::clean(error)).style(style(app, Ink::Bad)).wrap(ratatui::widgets::Wrap { trim: true });
        return frame.render_widget(lines, area);
    }
    let listed = app.listed();
    let cursor = app.cursor(&listed);
    if listed.is_empty() {
        let words = if app.found.is_empty() { "no segments" } else { "no name contains this" };
        return frame.render_widget(Line::styled(words, style(app, Ink::Dim)), area);
    }
    // Where there is room for a spark.
    let wide = area.width >= 100;
    let mut widths = vec![
        Constraint::Fill(2),
        Constraint::Fill(1),
        Constraint::Length(9),
        Constraint::Length(10),
        Constraint::Length(8),
    ];
    let mut headings = vec!["NAME", "RECORD", "SIZE", "VERSION", "WRITES/S"];
    if wide {
        widths.push(Constraint::Length(SPARK));
        headings.push("");
    }
    widths.extend([Constraint::Length(6), Constraint::Length(5), Constraint::Length(9), Constraint::Length(10)]);
    headings.extend(["AGE", "USERS", "OWNER", "STATE"]);
    let right = ["SIZE", "VERSION", "WRITES/S", "AGE", "USERS"];
    let header = Row::new(headings.iter().map(|heading| {
        let alignment = if right.contains(heading) { Alignment::Right } else { Alignment::Left };
        Cell::from(Line::from(*heading).alignment(alignment))
    }))
    .style(style(app, Ink::Heading));
    let table = Table::new(listed.iter().map(|found| list_row(app, found, wide)), widths.clone())
        .header(header)
        .column_spacing(1)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut position = TableState::new().with_selected(Some(cursor));
    frame.render_stateful_widget(table, area, &mut position);

    if wide {
        let columns = Layout::horizontal(widths).spacing(1).split(area);
        let room = usize::from(area.height.saturating_sub(1));
        for (i, found) in listed.iter().enumerate().skip(position.offset()).take(room) {
            let y = area.y + 1 + (i - position.offset()) as u16;
            let place = Rect { y, height: 1, ..columns[5] };
            let rates = app.recent_rates(found);
            let shown = &rates[rates.len().saturating_sub(SPARK.into())..];
            frame.render_widget(Sparkline::default().data(shown).style(style(app, Ink::Good)), place);
        }
    }
}

fn list_row(app: &App, found: &Found, wide: bool) -> Row<'static> {
    let (content, about, pulse) = (found.content.as_ref(), found.about.as_ref(), app.pulse(found));
    let left = |cell: Option<String>| Cell::from(cell.unwrap_or_else(|| "-".to_owned()));
    let right = |cell: Option<String>| {
        Cell::from(Line::from(cell.unwrap_or_else(|| "-".to_owned())).alignment(Alignment::Right))
    };
    let (ink, word) = state(&found.state);
    let mut cells = vec![
        Cell::from(text::clean(&found.name)).style(style(app, Ink::Name)),
        left(content.map(|content| text::clean(&content.schema.record().name))),
        right(about.map(|about| text::bytes(about.record_size as u64))),
        right(content.map(|content| content.version.to_string())),
        right(pulse.map(|pulse| text::rate(pulse.per_second))),
    ];
    if wide {
        // The spark is drawn over it.
        cells.push(Cell::from(""));
    }
    cells.extend([
        right(pulse.map(|pulse| pulse.age.to_string())),
        right(users(&found.state).map(|users| users.to_string())),
        Cell::from(text::user(found.owner)),
        Cell::from(word).style(style(app, ink)),
    ]);
    Row::new(cells)
}

fn draw_title_of_open(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(open) = &app.open else { return };
    let mut spans = vec![Span::styled(text::clean(&open.name), style(app, Ink::Heading))];
    match app.opened_found() {
        Some(found) => {
            let (ink, word) = state(&found.state);
            if let (Some(content), Some(about)) = (&found.content, &found.about) {
                let record = text::clean(&content.schema.record().name);
                spans.push(Span::raw(format!("  {record}, {}", text::bytes(about.record_size as u64))));
            }
            let shown = open.record.as_ref().map(|record| format!("  version {}", record.version()));
            spans.extend(shown.map(Span::raw));
            if let Some(pulse) = app.pulse(found) {
                spans.push(Span::raw(format!("  {}/s  {}", text::rate(pulse.per_second), pulse.age)));
            }
            spans.push(Span::styled(format!("  {word}"), style(app, ink)));
        }
        None if open.inside.is_some() => spans.push(Span::styled("  it has gone", style(app, Ink::Bad))),
        None => {}
    }
    if open.paused {
        spans.push(Span::styled("  paused", style(app, Ink::Odd)));
    }
    frame.render_widget(Line::from(spans), area);
}

fn draw_open(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    let about = about_lines(app);
    let plot_height =
        if app.open.as_ref().is_some_and(|open| open.plot.is_some()) { (area.height / 3).max(6) } else { 0 };
    let [head, tree, plot] =
        Layout::vertical([Constraint::Length(about.len() as u16), Constraint::Min(3), Constraint::Length(plot_height)])
            .areas(area);
    frame.render_widget(Paragraph::new(about), head);
    app.page = usize::from(tree.height.saturating_sub(1)).max(1);
    draw_tree(app, frame, tree);
    if let Some(plotted) = app.open.as_ref().and_then(|open| open.plot.as_ref()) {
        draw_plot(app, plotted, frame, plot);
    }
}

/// Who uses the segment and who has its lock.
fn about_lines(app: &App) -> Vec<Line<'static>> {
    let Some(open) = &app.open else { return Vec::new() };
    let label = |name: &'static str| Span::styled(format!("{name:9}"), style(app, Ink::Dim));
    let mut lines = Vec::new();
    if let Some(found) = app.opened_found() {
        let persist = match &found.about {
            Some(about) if about.creator.persist => ", persists",
            _ => "",
        };
        let mut words = format!("{} {}{persist}", text::user(found.owner), text::mode(found.mode));
        if let Some(about) = &found.about {
            words.push_str(&format!(", {} slots", about.slots));
            if let (Some(pid), Some(created)) = (about.creator.pid, about.creator.created) {
                words.push_str(&format!(", created by process {pid} {} ago", text::ago(created)));
            }
        }
        lines.push(Line::from(vec![label("owner"), Span::raw(words)]));
        let processes = open.inside.as_ref().map(|inside| &inside.processes[..]).unwrap_or_default();
        lines.push(Line::from(vec![label("users"), Span::raw(users_line(found, processes))]));
        if let Some(content) = &found.content {
            let (ink, mut words) = lock_line(&content.lock, processes);
            if content.recoveries > 0 {
                words.push_str(&format!(
                    ", taken over {} from dead owners",
                    text::count(content.recoveries.into(), "time")
                ));
            }
            lines.push(Line::from(vec![label("lock"), Span::styled(words, style(app, ink))]));
        }
    }
    lines
}

fn users_line(found: &Found, processes: &[Process]) -> String {
    let count = users(&found.state).map_or_else(|| "-".to_owned(), |users| users.to_string());
    let names: Vec<String> = processes
        .iter()
        .take(8)
        .map(|process| {
            let handles = if process.handles > 1 { format!(" ×{}", process.handles) } else { String::new() };
            format!("{}{handles}", crate::commands::doctor::described(process.pid))
        })
        .collect();
    let more = if processes.len() > names.len() { ", …" } else { "" };
    if names.is_empty() { count } else { format!("{count}: {}{more}", names.join(", ")) }
}

fn lock_line(lock: &LockState, processes: &[Process]) -> (Ink, String) {
    let waiters = if lock.waiters { ", others wait" } else { "" };
    match lock.owner {
        None => (Ink::Plain, "free".to_owned()),
        Some(owner) if !owner.alive => {
            (Ink::Odd, format!("its owner has died: the next writer takes it over{waiters}"))
        }
        Some(owner) => {
            let holder =
                processes.iter().find(|p| owner.writer_slot.is_some_and(|slot| p.writer_slots.contains(&slot)));
            let who = holder.map_or_else(|| "a program".to_owned(), |p| crate::commands::doctor::described(p.pid));
            (Ink::Odd, format!("held by {who}{waiters}"))
        }
    }
}

fn draw_tree(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    let styles = Styles {
        name: style(app, Ink::Name),
        fresh: style(app, Ink::Odd).add_modifier(Modifier::BOLD),
        dim: style(app, Ink::Dim),
        bad: style(app, Ink::Bad),
    };
    let Some(open) = &mut app.open else { return };
    let problem = match &open.inside {
        Some(inside) => inside.record.as_ref().err().cloned(),
        None => None,
    };
    let block = Block::new().borders(ratatui::widgets::Borders::TOP).border_style(styles.dim);
    let block = match &problem {
        Some(problem) => block.title(Line::styled(text::cut(&text::clean(problem), area.width.into()), styles.bad)),
        None => block,
    };
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let Some(record) = open.record.clone() else { return };
    let lines = tree_lines(open, &record, inside, &styles);
    frame.render_widget(Paragraph::new(lines), inside);
}

struct Styles {
    name: Style,
    fresh: Style,
    dim: Style,
    bad: Style,
}

fn tree_lines(open: &mut Open, record: &DynRecord, area: Rect, styles: &Styles) -> Vec<Line<'static>> {
    let width = usize::from(area.width);
    let rows = open.rows(record, area.height.into());
    let (cursor, top) = (open.cursor, open.top);
    let names = rows.iter().map(|(row, _)| label_width(row)).max().unwrap_or(0).min(width / 2);
    rows.into_iter()
        .enumerate()
        .map(|(i, (row, fresh))| {
            let indent = 2 * (row.steps.len() - 1);
            let sign = match (row.parts, row.open) {
                (0, _) => "  ",
                (_, true) => "▾ ",
                (_, false) => "▸ ",
            };
            let label = text::cut(&format!("{:indent$}{sign}{}", "", text::clean(&row.name)), names);
            let ty = row.view.ty().map(text::ty).unwrap_or_default();
            let (value, style) = match preview(&row.view, width.saturating_sub(names + 2)) {
                // What is open is seen below.
                Ok(_) if row.open => (ty, styles.dim),
                Ok(value) => (value, if fresh { styles.fresh } else { Style::new() }),
                Err(error) => (format!("! found {}", text::clean(error.found())), styles.bad),
            };
            let blanks = names.saturating_sub(unicode_width::UnicodeWidthStr::width(label.as_str())) + 2;
            let line = Line::from(vec![
                Span::styled(label, styles.name),
                Span::raw(" ".repeat(blanks)),
                Span::styled(text::cut(&value, width.saturating_sub(names + 2)), style),
            ]);
            if top + i == cursor { line.style(Style::new().add_modifier(Modifier::REVERSED)) } else { line }
        })
        .collect()
}

fn label_width(row: &super::rows::Row<'_>) -> usize {
    2 * row.steps.len() + unicode_width::UnicodeWidthStr::width(text::clean(&row.name).as_str())
}

fn draw_plot(app: &App, plot: &Plot, frame: &mut Frame<'_>, area: Rect) {
    let points = plot.points();
    let [least, most] = plot.bounds();
    let label = |number: f64| Span::raw(short_number(number));
    let title = format!("{} = {}", text::clean(&plot.path), plot.last().map_or_else(|| "-".to_owned(), short_number));
    let data = Dataset::default()
        .marker(Marker::Braille)
        .graph_type(GraphType::Line)
        .style(style(app, Ink::Good))
        .data(&points);
    let chart = Chart::new(vec![data])
        .block(Block::new().borders(ratatui::widgets::Borders::TOP).border_style(style(app, Ink::Dim)).title(title))
        .x_axis(
            Axis::default()
                .bounds([-plot.span(), 0.0])
                .labels([Span::raw(format!("-{:.0} s", plot.span())), Span::raw("now")]),
        )
        .y_axis(Axis::default().bounds([least, most]).labels([label(least), label((least + most) / 2.0), label(most)]));
    frame.render_widget(chart, area);
}

/// A number in about six characters.
fn short_number(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        n if (0.001..100_000.0).contains(&n) => {
            let digits = 4_usize.saturating_sub(n.log10().floor().max(0.0) as usize);
            let text = format!("{number:.digits$}");
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
        }
        _ => format!("{number:.3e}"),
    }
}

fn draw_help(app: &App, frame: &mut Frame<'_>) {
    const HELP: [(&str, &str); 12] = [
        ("↑ ↓ j k", "one up, one down"),
        ("PgUp PgDn", "a page"),
        ("Home End g G", "to the first, to the last"),
        ("Enter →", "open a segment, a field with parts"),
        ("←", "close a field, or go to what it is a part of"),
        ("p Enter", "plot a number over time, or no longer"),
        ("space", "stop the values, or let them go on"),
        ("s", "sort by name, writes per second, size"),
        ("/", "show only names with what is typed; Esc shows all"),
        ("Esc", "back"),
        ("?", "this help; any key closes it"),
        ("q Ctrl-C", "quit"),
    ];
    let lines: Vec<Line<'_>> = HELP
        .iter()
        .map(|(keys, what)| {
            Line::from(vec![Span::styled(format!(" {keys:14}"), style(app, Ink::Name)), Span::raw(*what)])
        })
        .collect();
    let area = frame.area();
    let (width, height) = (68.min(area.width), (HELP.len() as u16 + 2).min(area.height));
    let place = Rect { x: (area.width - width) / 2, y: (area.height - height) / 2, width, height };
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" keys ")), place);
}
