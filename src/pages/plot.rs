//! Plots as SVG: bars beside or upon one another, lines, and Pareto's bars with their cumulated line. Pure.
//!
//! The picture holds shapes alone, drawn in units of a box that is stretched to the page's width; all words and numbers
//! stand around it as text, so they are as large on a phone as on a wall, and the whole is turned round for Arabic by the
//! stylesheet. What a plot shows stands in a table under it: the plot is for the eye, and nobody needs it.

use std::borrow::Cow;

/// The box.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 300.0;
/// How much of its place a bar, or bars beside one another, take up.
const FILLED: f64 = 0.72;
/// No bar, or bars beside one another, are wider than this: few of them would be walls.
const WIDEST: f64 = 120.0;
/// The most words along the bottom.
const MOST_WORDS: usize = 7;
/// What the top of a scale may be, times a power of ten: halves of all are whole, but that of 1.
const TOPS: [i64; 6] = [1, 2, 4, 6, 8, 10];

/// A rectangle, in units of the box.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bar {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Of which series, from 1.
    pub(super) series: usize,
    /// What it says to whoever points at it.
    pub(super) says: String,
    /// Where it leads, if anywhere.
    pub(super) href: Option<String>,
}

impl Bar {
    /// Where it stands, as SVG takes it: `x`, `y`, width and height.
    pub(super) fn written(&self) -> [String; 4] {
        [self.x, self.y, self.width, self.height].map(|value| format!("{value:.1}"))
    }
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) points: String,
    /// Of which series, from 1.
    pub(super) series: usize,
}

/// What belongs together, with its value at every place.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) values: Vec<i64>,
}

/// A plot as it is shown.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    /// Unlike any other on the page.
    pub(super) id: Cow<'static, str>,
    pub(super) title: String,
    /// What it shows, for whoever does not see it.
    pub(super) says: String,
    pub(super) bars: Vec<Bar>,
    pub(super) lines: Vec<Line>,
    /// The scale from its top to nothing.
    pub(super) scale: Vec<String>,
    /// The scale on the other side, where there is one.
    pub(super) other_scale: Vec<String>,
    /// One word a place, most of them blank where there are many places.
    pub(super) along: Vec<String>,
    /// The names of the series, in their order.
    pub(super) legend: Vec<String>,
    /// Whether bars lead somewhere.
    pub(super) is_linked: bool,
}

/// How a value is written beside the scale, and in which steps the scale goes: 1 for counts, 3600 for hours.
#[derive(Clone, Copy)]
pub(super) struct Unit<'a> {
    pub(super) step: i64,
    pub(super) written: &'a dyn Fn(i64) -> String,
}

impl Unit<'_> {
    /// Whole numbers of whatever it is.
    pub(super) const COUNT: Self = Self { step: 1, written: &|n| n.to_string() };
}

/// What a plot is about: its id, its title, and what stands along the bottom.
pub(super) struct About {
    pub(super) id: Cow<'static, str>,
    pub(super) title: String,
    pub(super) says: String,
    pub(super) along: Vec<String>,
}

impl Plot {
    /// At every place a bar of each series, beside one another.
    pub(super) fn paired(about: About, series: &[Series], unit: Unit<'_>) -> Self {
        let top = top(series.iter().flat_map(|one| &one.values).copied().max().unwrap_or(0), unit.step);
        let (places, many) = (about.along.len(), series.len());
        let slot = WIDTH / count(places);
        let together = (slot * FILLED).min(WIDEST);
        let width = together / count(many);
        let mut bars = Vec::new();
        for place in 0..places {
            let first = slot.mul_add(count0(place), (slot - together) / 2.0);
            for (nth, one) in series.iter().enumerate() {
                let value = one.values.get(place).copied().unwrap_or(0);
                let (x, height) = (width.mul_add(count0(nth), first), high(value, top));
                let says = format!("{} · {}: {}", about.along[place], one.name, (unit.written)(value));
                bars.push(Bar { x, y: HEIGHT - height, width, height, series: nth + 1, says, href: None });
            }
        }
        Self { bars, ..Self::around(about, series, top, unit) }
    }

    /// At every place the bars of all series, upon one another.
    pub(super) fn stacked(about: About, series: &[Series], unit: Unit<'_>) -> Self {
        let at = |place: usize| series.iter().map(move |one| one.values.get(place).copied().unwrap_or(0));
        let top = top((0..about.along.len()).map(|place| at(place).sum()).max().unwrap_or(0), unit.step);
        let slot = WIDTH / count(about.along.len());
        let (width, mut bars) = ((slot * FILLED).min(WIDEST), Vec::new());
        for place in 0..about.along.len() {
            let (x, mut y) = (slot.mul_add(count0(place), (slot - width) / 2.0), HEIGHT);
            for (nth, value) in at(place).enumerate() {
                let height = high(value, top);
                y -= height;
                let says = format!("{} · {}: {}", about.along[place], series[nth].name, (unit.written)(value));
                bars.push(Bar { x, y, width, height, series: nth + 1, says, href: None });
            }
        }
        Self { bars, ..Self::around(about, series, top, unit) }
    }

    /// A line for each series, from place to place.
    pub(super) fn lines(about: About, series: &[Series], unit: Unit<'_>) -> Self {
        let top = top(series.iter().flat_map(|one| &one.values).copied().max().unwrap_or(0), unit.step);
        let slot = WIDTH / count(about.along.len());
        let lines = series.iter().enumerate().map(|(nth, one)| {
            let points = one.values.iter().enumerate();
            let points =
                points.map(|(place, value)| (slot.mul_add(count0(place), slot / 2.0), HEIGHT - high(*value, top)));
            Line { points: written(points), series: nth + 1 }
        });
        Self { lines: lines.collect(), ..Self::around(about, series, top, unit) }
    }

    /// Pareto's: bars from the largest to the smallest, numbered, and the line of what they make of `all` together.
    /// Each bar is its name, its value, and where it leads.
    pub(super) fn pareto(about: About, bars: &[(String, i64, Option<String>)], all: i64, names: [String; 2]) -> Self {
        let along: Vec<String> = (1..=bars.len()).map(|rank| rank.to_string()).collect();
        let top = top(bars.iter().map(|(_, n, _)| *n).max().unwrap_or(0), 1);
        let slot = WIDTH / count(bars.len());
        let (width, mut sum, mut points, mut shown) = ((slot * FILLED).min(WIDEST), 0, Vec::new(), Vec::new());
        for (place, (name, n, href)) in bars.iter().enumerate() {
            let (x, height) = (slot.mul_add(count0(place), (slot - width) / 2.0), high(*n, top));
            sum += n;
            points.push((x + width / 2.0, HEIGHT - high(sum, all.max(1))));
            let says = format!("{}. {name}: {n}", place + 1);
            shown.push(Bar { x, y: HEIGHT - height, width, height, series: 1, says, href: href.clone() });
        }
        let lines = vec![Line { points: written(points.into_iter()), series: 2 }];
        let [one, other] = names;
        let series = [Series { name: one, values: Vec::new() }, Series { name: other, values: Vec::new() }];
        let around = Self::around(About { along, ..about }, &series, top, Unit::COUNT);
        let is_linked = shown.iter().any(|bar| bar.href.is_some());
        let other_scale = ["100 %", "50 %", "0 %"].map(str::to_owned).to_vec();
        Self { bars: shown, lines, other_scale, is_linked, ..around }
    }

    /// The id of its title.
    pub(super) fn title_id(&self) -> String {
        format!("{}-title", self.id)
    }

    /// The id of what it says.
    pub(super) fn says_id(&self) -> String {
        format!("{}-says", self.id)
    }

    fn around(about: About, series: &[Series], top: i64, unit: Unit<'_>) -> Self {
        let About { id, title, says, along } = about;
        let scale = if top % 2 == 0 { vec![top, top / 2, 0] } else { vec![top, 0] };
        Self {
            id,
            title,
            says,
            bars: Vec::new(),
            lines: Vec::new(),
            scale: scale.into_iter().map(unit.written).collect(),
            other_scale: Vec::new(),
            along: thinned(along),
            legend: series.iter().map(|one| one.name.clone()).collect(),
            is_linked: false,
        }
    }
}

/// The end of a scale that `most` fits on, in whole steps; never nothing.
fn top(most: i64, step: i64) -> i64 {
    let steps = (most + step - 1) / step;
    let mut ten = 1_i64;
    loop {
        if let Some(top) = TOPS.into_iter().map(|top| top.saturating_mul(ten)).find(|top| *top >= steps) {
            return top.saturating_mul(step);
        }
        ten = ten.saturating_mul(10);
    }
}

/// Most words left out, evenly, where there are too many to stand beside one another.
fn thinned(along: Vec<String>) -> Vec<String> {
    let every = along.len().div_ceil(MOST_WORDS).max(1);
    // Of ranks and kinds, which are few, none is left out.
    let every = if along.len() <= 2 * MOST_WORDS { 1 } else { every };
    along.into_iter().enumerate().map(|(nth, word)| if nth % every == 0 { word } else { String::new() }).collect()
}

#[expect(clippy::cast_precision_loss, reason = "places are few, and a pixel of a large number is none")]
fn high(value: i64, top: i64) -> f64 {
    HEIGHT * (value.clamp(0, top) as f64) / (top as f64)
}

#[expect(clippy::cast_precision_loss, reason = "places are few")]
fn count(places: usize) -> f64 {
    places.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "places are few")]
fn count0(place: usize) -> f64 {
    place as f64
}

fn written(points: impl Iterator<Item = (f64, f64)>) -> String {
    points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn about(places: usize) -> About {
        let along = (0..places).map(|place| format!("place {place}")).collect();
        About { id: "plot".into(), title: "Plot".to_owned(), says: "All".to_owned(), along }
    }

    fn series(values: &[&[i64]]) -> Vec<Series> {
        values.iter().map(|one| Series { name: "one".to_owned(), values: one.to_vec() }).collect()
    }

    #[test]
    fn a_bar_is_as_high_as_its_value() {
        let plot = Plot::paired(about(2), &series(&[&[10, 5], &[0, 2]]), Unit::COUNT);
        let heights: Vec<f64> = plot.bars.iter().map(|bar| bar.height).collect();
        assert_eq!(heights, [300.0, 0.0, 150.0, 60.0]);
        assert_eq!(plot.scale, ["10", "5", "0"]);
        assert!(plot.bars.iter().all(|bar| (bar.y + bar.height - HEIGHT).abs() < 1e-9), "all stand on the ground");
    }

    #[test]
    fn bars_upon_one_another_touch() {
        let plot = Plot::stacked(about(1), &series(&[&[3], &[1]]), Unit::COUNT);
        assert_eq!((plot.bars[0].y, plot.bars[1].y), (75.0, 0.0));
        assert!((plot.bars[1].y + plot.bars[1].height - plot.bars[0].y).abs() < 1e-9);
    }

    #[test]
    fn paretos_line_ends_at_what_the_bars_are_of_all() {
        let bars = [("A".to_owned(), 3, Some("/a".to_owned())), ("B".to_owned(), 1, None)];
        let plot = Plot::pareto(about(0), &bars, 8, ["n".to_owned(), "sum".to_owned()]);
        assert!(plot.lines[0].points.ends_with(",150.0"), "half of all: {}", plot.lines[0].points);
        assert!(plot.is_linked);
        assert_eq!(plot.along, ["1", "2"]);
    }

    #[test]
    fn a_line_goes_through_the_middle_of_its_places() {
        let plot = Plot::lines(about(2), &series(&[&[2, 1]]), Unit::COUNT);
        assert_eq!(plot.lines[0].points, "250.0,0.0 750.0,150.0");
    }

    #[test]
    fn nothing_at_all_is_a_plot_too() {
        let plot = Plot::stacked(about(0), &series(&[&[]]), Unit::COUNT);
        assert!(plot.bars.is_empty() && plot.scale == ["1", "0"]);
    }

    #[test]
    fn few_words_stand_under_many_places() {
        let words = thinned((0..90).map(|nth| nth.to_string()).collect());
        assert_eq!(words.len(), 90);
        assert!(words.iter().filter(|word| !word.is_empty()).count() <= MOST_WORDS);
        assert_eq!(words[0], "0");
    }

    proptest! {
        #[test]
        fn whatever_there_is_fits_on_its_scale(most in 0_i64..1_000_000_000_000, step in 1_i64..10_000) {
            let top = top(most, step);
            prop_assert!(top >= most && top > 0 && top % step == 0);
            prop_assert!(top <= (most + step).saturating_mul(2), "{top} for {most}");
        }
    }
}
