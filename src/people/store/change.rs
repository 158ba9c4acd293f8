//! What an admin changes about somebody registered, known by the WhatsApp number.

use super::{Known, by_addresses, person};
use crate::channels::Medium;
use crate::db::Tx;
use crate::kit::{E164, Result};
use crate::people::Role;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

/// What an admin changes about somebody registered; what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Their name.
    pub name: Option<String>,
    /// What they are here for.
    pub role: Option<Role>,
    /// Their department; an empty one takes it away.
    pub department: Option<String>,
    /// Their language.
    pub language: Option<String>,
}

/// Changes somebody registered and answers with how they are now; `None` where nobody with a role has this
/// WhatsApp number.
pub async fn change(tx: &Tx, whatsapp: &E164, changes: &Changes) -> Result<Option<Known>> {
    let values = [whatsapp.to_string()];
    let found = by_addresses(tx.conn(), Medium::Whatsapp, &values).await?.remove(whatsapp.as_str());
    let Some(known) = found.filter(|known| known.role.is_some()) else { return Ok(None) };
    let mut update = person::Entity::update_many().col_expr(person::Column::UpdatedAt, tx.now().into());
    if let Some(name) = &changes.name {
        update = update.col_expr(person::Column::Name, name.clone().into());
    }
    if let Some(role) = changes.role {
        update = update.col_expr(person::Column::Role, role.as_str().into());
    }
    if let Some(department) = &changes.department {
        let department = Some(department.clone()).filter(|department| !department.is_empty());
        update = update.col_expr(person::Column::Department, department.into());
    }
    if let Some(language) = &changes.language {
        update = update.col_expr(person::Column::Language, language.clone().into());
        update = update.col_expr(person::Column::HasChosenLanguage, true.into());
    }
    update.filter(person::Column::Id.eq(known.person_id)).exec(tx.conn()).await?;
    Ok(by_addresses(tx.conn(), Medium::Whatsapp, &values).await?.remove(whatsapp.as_str()))
}
