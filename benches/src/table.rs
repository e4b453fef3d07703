//! What was measured, as a table: numbers, what they are held against, and whether that is reached.

use std::fmt::Write as _;

/// What a number is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// A line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) what: String,
    /// Its value, with its unit.
    pub(crate) value: String,
    /// What it is held against; empty if nothing.
    pub(crate) baseline: String,
    /// The number that has a target: of each round.
    pub(crate) numbers: Vec<f64>,
    /// What it is to be; none if it is only told.
    pub(crate) target: Option<Target>,
}

impl Row {
    /// A number without a baseline, of each round, in this unit.
    pub(crate) fn number(what: impl Into<String>, numbers: Vec<f64>, unit: &str, target: Option<Target>) -> Self {
        let value = format!("{} {unit}", figures(median(&numbers)));
        Self { what: what.into(), value, baseline: String::new(), numbers, target }
    }

    /// Values over baselines, round by round.
    pub(crate) fn ratio(
        what: impl Into<String>,
        (values, unit): (&[f64], &str),
        (baseline, baselines): (&str, &[f64]),
        target: Option<Target>,
    ) -> Self {
        Self {
            what: what.into(),
            value: format!("{} {unit}", figures(median(values))),
            baseline: format!("{baseline}: {}", figures(median(baselines))),
            numbers: values.iter().zip(baselines).map(|(value, baseline)| value / baseline).collect(),
            target,
        }
    }

    /// With other numbers than values over baselines: where less is better, baselines over values.
    pub(crate) fn of(mut self, numbers: Vec<f64>) -> Self {
        self.numbers = numbers;
        self
    }

    fn reached(&self) -> Option<bool> {
        let number = median(&self.numbers);
        self.target.map(|target| match target {
            Target::AtLeast(least) => number >= least,
            Target::AtMost(most) => number <= most,
        })
    }

    fn cells(&self) -> [String; 6] {
        let low = self.numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let number = figures(median(&self.numbers));
        let number = match self.numbers.len() {
            0 | 1 => number,
            _ => format!("{number} [{}..{}]", figures(low), figures(high)),
        };
        let target = match self.target {
            None => String::new(),
            Some(Target::AtLeast(least)) => format!("≥ {least}"),
            Some(Target::AtMost(most)) => format!("≤ {most}"),
        };
        let verdict = match self.reached() {
            None => "",
            Some(true) => "reached",
            Some(false) => "NOT reached",
        };
        [self.what.clone(), self.value.clone(), self.baseline.clone(), number, target, verdict.to_owned()]
    }
}

/// The middle of some numbers.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    if sorted.len() % 2 == 1 { at(middle) } else { f64::midpoint(at(middle.wrapping_sub(1)), at(middle)) }
}

/// Bytes in MiB.
pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// A number with as many digits as say something.
fn figures(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// The table as Markdown, which is readable as it is, and what is not reached.
pub(crate) fn print(rows: &[Row]) -> String {
    const HEAD: [&str; 6] = ["what", "value", "against", "ratio or number", "target", ""];
    let lines: Vec<[String; 6]> = rows.iter().map(Row::cells).collect();
    let mut widths = HEAD.map(|cell| cell.chars().count());
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let mut put = |cells: &[String; 6]| {
        for (cell, width) in cells.iter().zip(widths) {
            // Writing to a String cannot fail.
            let _ = write!(text, "| {cell:<width$} ");
        }
        text.push_str("|\n");
    };
    put(&HEAD.map(str::to_owned));
    put(&widths.map(|width| "-".repeat(width)));
    for line in &lines {
        put(line);
    }
    let missed: Vec<_> = rows.iter().filter(|row| row.reached() == Some(false)).map(|row| row.what.as_str()).collect();
    if !missed.is_empty() {
        let _ = writeln!(text, "\nNot reached: {}.", missed.join("; "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_reached_is_said() {
        let row = |what, target| Row::ratio(what, (&[1.0, 9.0, 2.0], "/s"), ("base", &[2.0, 2.0, 2.0]), target);
        let rows = [
            row("fast", Some(Target::AtLeast(0.9))),
            row("slow", Some(Target::AtLeast(1.1))),
            row("late", Some(Target::AtMost(0.9))),
            row("told", None),
        ];
        let text = print(&rows);
        assert!(text.ends_with("\nNot reached: slow; late.\n"), "{text}");
        assert!(text.contains("1.00 [0.50..4.50]"), "{text}");
    }

    #[test]
    fn the_middle_of_two_is_between_them() {
        assert_eq!(figures(median(&[3.0, 1.0])), "2.00");
        assert_eq!(figures(median(&[3.0, 1.0, 200.0])), "3.00");
        assert!(median(&[]).is_nan());
    }
}
