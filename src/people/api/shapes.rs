//! People as the API shows them.

use crate::kit::Instant;
use crate::people::Role;
use crate::people::store::users::User;
use serde::Serialize;
use utoipa::ToSchema;

/// A user.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserShown {
    /// The person's number.
    #[schema(example = 7)]
    id: i64,
    /// The name they sign in with; null for those who only chat.
    #[schema(example = "dev1")]
    username: Option<String>,
    /// In small letters; empty where there is none.
    #[schema(example = "dev1@example.com")]
    email: String,
    #[schema(example = "Dev")]
    first_name: String,
    #[schema(example = "One")]
    last_name: String,
    /// First and last name, or the username.
    #[schema(example = "Dev One")]
    full_name: String,
    role: Role,
    /// E.164; null where there is none.
    #[schema(example = "+12025550142")]
    phone_number: Option<String>,
    /// E.164; null where there is none.
    #[schema(example = "+12025550142")]
    whatsapp_number: Option<String>,
    /// Empty where there is none.
    #[schema(example = "IT")]
    department: String,
    #[schema(example = "en")]
    language: String,
    /// False once an admin deactivated them.
    is_active: bool,
    #[schema(value_type = String, format = DateTime)]
    date_joined: Instant,
}

impl From<User> for UserShown {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            full_name: user.called(),
            username: user.username,
            email: user.email.unwrap_or_default(),
            first_name: user.first_name.unwrap_or_default(),
            last_name: user.last_name.unwrap_or_default(),
            role: user.role,
            phone_number: user.phone_number,
            whatsapp_number: user.whatsapp_number,
            department: user.department.unwrap_or_default(),
            language: user.language,
            is_active: user.is_active,
            date_joined: user.created_at,
        }
    }
}

/// Somebody as they see themselves.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Profile {
    #[schema(example = 7)]
    id: i64,
    /// Null for those who only chat.
    #[schema(example = "dev1")]
    username: Option<String>,
    #[schema(example = "dev1@example.com")]
    email: String,
    #[schema(example = "Dev")]
    first_name: String,
    #[schema(example = "One")]
    last_name: String,
    role: Role,
    /// E.164; null where there is none.
    phone_number: Option<String>,
    /// E.164; null where there is none.
    #[schema(example = "+12025550142")]
    whatsapp_number: Option<String>,
    #[schema(example = "IT")]
    department: String,
    #[schema(example = "en")]
    language: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl From<User> for Profile {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            username: user.username,
            email: user.email.unwrap_or_default(),
            first_name: user.first_name.unwrap_or_default(),
            last_name: user.last_name.unwrap_or_default(),
            role: user.role,
            phone_number: user.phone_number,
            whatsapp_number: user.whatsapp_number,
            department: user.department.unwrap_or_default(),
            language: user.language,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}
