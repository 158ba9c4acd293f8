//! The stored person and their addresses; the columns are described in `db/migrations`.
#![expect(missing_docs, reason = "the columns are described in db/migrations")]

/// The stored person.
pub mod person {
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "people")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub token: String,
        pub name: Option<String>,
        pub role: Option<String>,
        pub department: Option<String>,
        pub language: String,
        pub has_chosen_language: bool,
        pub is_active: bool,
        pub created_at: Instant,
        pub updated_at: Instant,
        pub username: Option<String>,
        pub email: Option<String>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub phone_number: Option<String>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored address.
pub mod address {
    use crate::kit::Instant;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "addresses")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub person_id: i64,
        pub medium: String,
        pub value: String,
        pub user_id: Option<String>,
        pub profile_name: Option<String>,
        pub opted_out_at: Option<Instant>,
        pub last_inbound_at: Option<Instant>,
        pub last_inbound_to: Option<String>,
        pub told_low_at: Option<Instant>,
        pub created_at: Instant,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::person::Entity", from = "Column::PersonId", to = "super::person::Column::Id")]
        Person,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
