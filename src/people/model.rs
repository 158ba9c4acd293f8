//! Who somebody is to Andon: roles and what they mean. Pure.

use serde::{Deserialize, Serialize};

/// What a person is here for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum, utoipa::ToSchema,
)]
#[serde(rename_all = "UPPERCASE")]
#[clap(rename_all = "UPPER")]
pub enum Role {
    /// Runs the desk.
    Admin,
    /// Does the work: developers, technicians.
    Support,
    /// Raises incidents.
    Client,
    /// Works on the floor.
    Operator,
    /// Answers for a department.
    Supervisor,
}

impl Role {
    /// Every role, in the order of product.md.
    pub const ALL: [Self; 5] = [Self::Admin, Self::Support, Self::Client, Self::Operator, Self::Supervisor];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::Support => "SUPPORT",
            Self::Client => "CLIENT",
            Self::Operator => "OPERATOR",
            Self::Supervisor => "SUPERVISOR",
        }
    }

    /// Whether they may see conversations, of those whom they answer for.
    pub fn sees_conversations(self) -> bool {
        matches!(self, Self::Admin | Self::Supervisor)
    }

    /// The role with this stored name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// Whose data somebody may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Everybody's.
    Everybody,
    /// Those they may assign work to, those of their department, and their own.
    Department {
        /// Whose.
        person_id: i64,
        /// Which; none: nobody else's by department.
        department: Option<String>,
    },
    /// Their own.
    Oneself(i64),
}

impl Sight {
    /// What somebody with this role sees of people.
    pub fn of(person_id: i64, role: Role, department: Option<&str>) -> Self {
        match role {
            Role::Admin => Self::Everybody,
            Role::Supervisor => Self::Department { person_id, department: department.map(str::to_owned) },
            Role::Support | Role::Client | Role::Operator => Self::Oneself(person_id),
        }
    }

    /// Whether it reaches this person.
    pub fn reaches(&self, id: i64, role: Role, department: Option<&str>) -> bool {
        match self {
            Self::Everybody => true,
            Self::Department { person_id, department: own } => {
                let is_of_theirs = own.is_some() && own.as_deref() == department;
                *person_id == id || role == Role::Support || is_of_theirs
            }
            Self::Oneself(person_id) => *person_id == id,
        }
    }

    /// Whether it reaches the conversation of this person, who may have no role yet: a stranger's is the admins' to see.
    pub fn reaches_conversation(&self, id: i64, role: Option<Role>, department: Option<&str>) -> bool {
        match (self, role) {
            (Self::Everybody, _) => true,
            (_, None) => false,
            (_, Some(role)) => self.reaches(id, role, department),
        }
    }
}

/// Why something is not done to a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It would take the desk's last admin away.
    #[error("This is the last active admin{}. Make somebody else an admin first.", if *.who_signs_in { " who can sign in" } else { "" })]
    LastAdmin {
        /// Whether it is about those who can sign in: others may only chat.
        who_signs_in: bool,
    },
    /// One does not do this to oneself.
    #[error("Nobody can {0} themselves. Ask another admin.")]
    Oneself(&'static str),
    /// Only an admin does this.
    #[error("Only an admin may {0}.")]
    AdminsOnly(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sees_whom() {
        let people = [
            (1, Role::Support, None),
            (2, Role::Operator, Some("Assembly")),
            (3, Role::Client, None),
            (4, Role::Operator, Some("Paint")),
        ];
        for (role, department, seen) in [
            (Role::Admin, None, [true, true, true, true]),
            (Role::Supervisor, Some("Assembly"), [true, true, true, false]),
            (Role::Supervisor, None, [true, false, true, false]),
            (Role::Support, None, [false, false, true, false]),
            (Role::Client, Some("Assembly"), [false, false, true, false]),
            (Role::Operator, Some("Paint"), [false, false, true, false]),
        ] {
            let sight = Sight::of(3, role, department);
            let reached = people.map(|(id, role, department)| sight.reaches(id, role, department));
            assert_eq!(reached, seen, "{role:?} {department:?}");
        }
    }
}
