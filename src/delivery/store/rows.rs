//! The stored delivery, its attempts, its line, and the processes that send; the columns are described in `db/migrations`.
#![expect(missing_docs, reason = "the columns are described in db/migrations")]

/// The stored delivery.
pub mod row {
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "deliveries")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub token: String,
        pub kind: String,
        pub medium: String,
        pub address_id: i64,
        pub person_id: i64,
        pub sender: Option<String>,
        pub line: String,
        pub body: String,
        pub status: String,
        pub status_rank: i32,
        pub error_code: Option<i32>,
        pub error_text: Option<String>,
        pub attempts: i32,
        pub due_at: Option<Instant>,
        pub message_id: Option<i64>,
        pub event_id: Option<i64>,
        pub created_at: Instant,
        pub sent_at: Option<Instant>,
        pub delivered_at: Option<Instant>,
        pub read_at: Option<Instant>,
        pub failed_at: Option<Instant>,
        pub doubted_at: Option<Instant>,
        pub may_be_duplicate: bool,
        pub emptied_at: Option<Instant>,
        pub subject: Option<String>,
        pub unread: Option<i32>,
        pub seen_at: Option<Instant>,
        pub sms_parts: Option<i32>,
        pub over_budget_at: Option<Instant>,
        pub counted_on: Option<Date>,
        pub counted_as: Option<String>,
        pub urgency: Option<i32>,
        pub words: Option<String>,
        pub template: Option<String>,
        pub fallback_at: Option<Instant>,
        pub held_until: Option<Instant>,
        pub digest_id: Option<i64>,
        pub rich: Option<String>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::people::store::address::Entity",
            from = "Column::AddressId",
            to = "crate::people::store::address::Column::Id"
        )]
        Address,
        #[sea_orm(
            belongs_to = "crate::people::store::person::Entity",
            from = "Column::PersonId",
            to = "crate::people::store::person::Column::Id"
        )]
        Person,
        #[sea_orm(
            belongs_to = "crate::outbox::row::Entity",
            from = "Column::EventId",
            to = "crate::outbox::row::Column::Id"
        )]
        Event,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored attempt.
pub mod attempt {
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attempts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub delivery_id: i64,
        pub number: i32,
        pub channel: String,
        pub provider_id: Option<String>,
        pub outcome: String,
        pub error_code: Option<i32>,
        pub error_text: Option<String>,
        pub started_at: Instant,
        pub finished_at: Option<Instant>,
        pub price_micros: Option<i64>,
        pub currency: Option<String>,
        pub price_due_at: Option<Instant>,
        pub price_tries: i32,
        pub template: Option<String>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::row::Entity", from = "Column::DeliveryId", to = "super::row::Column::Id")]
        Delivery,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What the attempts of one sort cost together.
pub mod cost {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "costs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub month: String,
        pub channel: String,
        pub medium: String,
        pub kind: String,
        pub event: Option<String>,
        pub currency: String,
        pub micros: i64,
        pub messages: i64,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored window.
pub mod window {
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "windows")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub address_id: i64,
        pub sender: String,
        pub last_inbound_at: Option<Instant>,
        pub refused_at: Option<Instant>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored line.
pub mod line {
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "delivery_lines")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub medium: String,
        pub due_at: Option<Instant>,
        pub lease: Option<String>,
        pub round: i64,
        pub lane: i32,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored process.
pub mod process {
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "processes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub token: String,
        pub expires_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
