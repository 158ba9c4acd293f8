//! Enums that a column keeps by name.

/// Declares an enum whose variants have names. The name is what the database keeps, what the API shows and takes, and
/// what [`as_str`](crate::sla::Priority::as_str) answers; it stands in one place.
///
/// ```ignore
/// stored_enum! {
///     /// How much a ticket matters.
///     pub enum Priority {
///         /// It can wait.
///         Low = "LOW",
///         /// Now.
///         High = "HIGH",
///     }
/// }
/// ```
macro_rules! stored_enum {
    ($(#[$meta:meta])* pub enum $enum:ident { $($(#[$about:meta])* $variant:ident = $name:tt),+ $(,)? }) => {
        #[derive(
            Clone,
            Copy,
            Debug,
            PartialEq,
            Eq,
            Hash,
            PartialOrd,
            Ord,
            serde::Serialize,
            serde::Deserialize,
            sea_orm::EnumIter,
            sea_orm::DeriveActiveEnum,
            utoipa::ToSchema,
        )]
        #[sea_orm(rs_type = "String", db_type = "String(sea_orm::sea_query::StringLen::N(255))")]
        $(#[$meta])*
        pub enum $enum {
            $($(#[$about])* #[serde(rename = $name)] #[sea_orm(string_value = $name)] $variant),+
        }

        impl $enum {
            /// Every one, in the order of their declaration.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The stored name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// The one with this stored name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.as_str() == name)
            }
        }
    };
}

pub(crate) use stored_enum;
