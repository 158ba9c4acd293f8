//! An order's bar: what of its time is gone and what of it is made, as a picture and in words.

use crate::orders::row;
use crate::orders::timeline::{LENGTH, Timeline};
use crate::pages::desk::Desk;
use askama::Template;
use serde_json::json;

/// How wide the mark of the present is, in the units of [`Timeline`].
const MARK: u16 = 6;

/// A bar as it is shown, in a box of [`LENGTH`] by 20.
#[derive(Template)]
#[template(path = "bar.html")]
pub(super) struct Bar {
    line: Timeline,
    is_late: bool,
    says: String,
}

impl Bar {
    pub(super) fn of(desk: &Desk, order: &row::Model) -> Self {
        let (words, course) = (desk.words(), order.course());
        let line = course.timeline(desk.now, desk.app.settings.timezone);
        let made = words.fill("order.made", &json!({ "percent": course.progress().to_string() }));
        let today = desk.now.with_timezone(&desk.app.settings.timezone).date_naive();
        let days = (today - order.due_on).num_days();
        let is_late = line.today.is_some() && days > 0;
        // Of what is finished, and of what has not begun, there is nothing to say of the time.
        let time = if is_late {
            Some(words.fill("order.late", &json!({ "count": days.to_string() })))
        } else {
            line.today.map(|_| words.fill("order.gone", &json!({ "percent": line.gone.to_string() })))
        };
        let says = time.map_or_else(|| made.clone(), |time| format!("{made} · {time}"));
        Self { is_late: line.late() > 0, line, says }
    }

    /// What it says, in words.
    pub(super) fn says(&self) -> &str {
        &self.says
    }

    fn mark(&self) -> Option<u16> {
        self.line.today.map(|today| today.saturating_sub(MARK / 2).min(LENGTH - MARK))
    }
}
