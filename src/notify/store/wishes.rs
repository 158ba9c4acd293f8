//! What people want to be told how, where they said so.

use crate::channels::Medium;
use crate::config::QuietHours;
use crate::db::Tx;
use crate::kit::{Instant, Result};
use crate::notify::model::Wishes;
use crate::outbox::Urgency;
use chrono::{NaiveTime, Timelike as _};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use std::collections::HashMap;

/// The stored preferences.
pub(super) mod row {
    use super::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notice_preferences")]
    pub(in crate::notify::store) struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub person_id: i64,
        pub urgent: Option<String>,
        pub normal: Option<String>,
        pub low: Option<String>,
        pub quiet_from: Option<i32>,
        pub quiet_until: Option<i32>,
        pub summary_on: Option<Date>,
        pub updated_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub(in crate::notify::store) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What somebody said for themselves; where they said nothing, what is usual holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// The media for what is urgent, normal and low.
    pub media: [Option<Vec<Medium>>; 3],
    /// Their quiet hours, where they said something of them; none at all is something too.
    pub quiet_hours: Option<Option<QuietHours>>,
}

impl Own {
    /// What holds for them, where `usual` holds for the others.
    pub(in crate::notify) fn wishes(&self, usual: &Wishes) -> Wishes {
        let mut wishes = usual.clone();
        for (urgency, media) in Urgency::ALL.into_iter().zip(&self.media) {
            if let Some(media) = media {
                wishes.set(urgency, media.clone());
            }
        }
        if let Some(hours) = self.quiet_hours {
            wishes.quiet_hours = hours;
        }
        wishes
    }
}

/// What these people said for themselves; those who said nothing are left out.
pub async fn of(conn: &impl ConnectionTrait, people: impl IntoIterator<Item = i64>) -> Result<HashMap<i64, Own>> {
    let rows = row::Entity::find().filter(row::Column::PersonId.is_in(people)).all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.person_id, own(&row))).collect())
}

/// Keeps what somebody said for themselves.
pub async fn keep(tx: &Tx, person_id: i64, own: &Own) -> Result<()> {
    let media = |urgency: Urgency| {
        let place = usize::try_from(urgency.number()).unwrap_or_default();
        own.media[place].as_ref().map(|media| media.iter().map(|medium| medium.as_str()).collect::<Vec<_>>().join(","))
    };
    let minutes = |time: NaiveTime| i32::try_from(time.num_seconds_from_midnight() / 60).unwrap_or_default();
    // None at all is kept as hours that end as they begin.
    let midnight = QuietHours { from: NaiveTime::MIN, until: NaiveTime::MIN };
    let hours = own.quiet_hours.map(|hours| hours.unwrap_or(midnight));
    let row = row::ActiveModel {
        id: NotSet,
        person_id: Set(person_id),
        urgent: Set(media(Urgency::Urgent)),
        normal: Set(media(Urgency::Normal)),
        low: Set(media(Urgency::Low)),
        quiet_from: Set(hours.map(|hours| minutes(hours.from))),
        quiet_until: Set(hours.map(|hours| minutes(hours.until))),
        summary_on: NotSet, // see weekly.rs
        updated_at: Set(tx.now()),
    };
    let said = [
        row::Column::Urgent,
        row::Column::Normal,
        row::Column::Low,
        row::Column::QuietFrom,
        row::Column::QuietUntil,
        row::Column::UpdatedAt,
    ];
    row::Entity::insert(row)
        .on_conflict(OnConflict::column(row::Column::PersonId).update_columns(said).to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

fn own(row: &row::Model) -> Own {
    let media = |stored: &Option<String>| {
        stored.as_deref().map(|stored| stored.split(',').filter_map(Medium::named).collect::<Vec<_>>())
    };
    let time = |minutes: Option<i32>| {
        let seconds = u32::try_from(minutes?).ok()? * 60;
        NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0)
    };
    Own {
        media: [media(&row.urgent), media(&row.normal), media(&row.low)],
        quiet_hours: time(row.quiet_from)
            .zip(time(row.quiet_until))
            .map(|(from, until)| (from != until).then_some(QuietHours { from, until })),
    }
}
