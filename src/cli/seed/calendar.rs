//! What lies ahead at the demo's plant: who begins work in the next days, and what machines need, some of it overdue.

use super::records::demo_people;
use crate::db::Tx;
use crate::kit::Result;
use crate::people::Role;
use crate::plans::records::{self as plans, Record as Plan};
use crate::shifts::records::{self as shifts, Record as Shift};
use chrono::{Days, TimeDelta, TimeZone as _};
use chrono_tz::Tz;

/// For how many days shifts are planned, and at which hours they begin, each at its machine.
const DAYS: u64 = 3;
const HOURS: [(u32, &str); 3] = [(6, "MACH-001"), (14, "MACH-002"), (22, "MACH-004")];

/// Number, machine, what is to be done and how, every how many days, due in how many days.
type DemoPlan = (&'static str, &'static str, &'static str, &'static str, i32, i64);
const PLANS: [DemoPlan; 3] = [
    ("PM-001", "MACH-001", "Change the spindle oil", "Two litres of ISO 32, spindle cold.", 90, 3),
    ("PM-002", "MACH-003", "Check the hydraulic hoses", "Without pressure. Replace what is chafed.", 30, -2),
    ("PM-003", "MACH-004", "Tighten the conveyor belt", "Sag of 10 mm at the most.", 180, 40),
];

/// Loads the shifts and plans; days begin and end in the plant's time zone.
pub(super) async fn load(tx: &Tx, tz: Tz) -> Result<()> {
    tx.hush(); // nobody waits to hear of it
    let people = demo_people()?;
    let number_of = |role: Role| people.iter().filter(move |it| it.role == role).map(|it| it.whatsapp.to_string());
    let workers: Vec<String> = number_of(Role::Operator).collect();
    let today = tx.now().with_timezone(&tz).date_naive();
    let begins = |day: u64, hour: u32| {
        let local = (today + Days::new(day)).and_hms_opt(hour, 0, 0)?;
        Some(tz.from_local_datetime(&local).earliest()?.to_utc())
    };
    let all = (0..DAYS).flat_map(|day| HOURS.iter().zip(&workers).map(move |(hour, worker)| (day, hour, worker)));
    let ahead = all.filter_map(|(day, (hour, machine), person)| {
        let starts_at = begins(day, *hour).filter(|at| *at > tx.now())?;
        let (person, machine) = (person.clone(), Some((*machine).to_owned()));
        let key = Shift::key_of(&person, Some(starts_at));
        Some(Shift { key, person, starts_at: Some(starts_at), machine, note: None })
    });
    shifts::put(tx, &ahead.collect::<Vec<_>>()).await?;
    let responsible: Vec<String> = number_of(Role::Support).collect();
    let needed = PLANS.map(|(number, machine, title, instructions, every_days, days)| Plan {
        number: number.to_owned(),
        machine: Some(machine.to_owned()),
        title: Some(title.to_owned()),
        instructions: Some(instructions.to_owned()),
        every_days: Some(every_days),
        next_on: Some(today + TimeDelta::days(days)),
        responsible: Some(responsible.clone()),
    });
    plans::put(tx, &needed).await
}
