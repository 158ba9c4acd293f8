//! Words in columns: what people mean by searching.

use sea_orm::sea_query::{Expr, ExprTrait as _, Func, LikeExpr};
use sea_orm::{Condition, DbBackend, EntityTrait};

/// Escapes what `LIKE` would read as any character. No backslash: MySQL reads that in its own way.
const ESCAPE: char = '!';

/// Every one of the words is in one of the columns, in any case.
pub fn containing<E: EntityTrait>(backend: DbBackend, columns: &[E::Column], words: &str) -> Condition {
    let mut all = Condition::all();
    for word in words.split_whitespace() {
        let pattern = pattern(word);
        let any = columns.iter().fold(Condition::any(), |any, column| {
            let column = Expr::col((E::default(), *column));
            // SQLite's LIKE looks past the case of Latin letters by itself, and its LOWER does no more than that.
            let text = if backend == DbBackend::Sqlite { column } else { Func::lower(column).into() };
            any.add(text.like(LikeExpr::new(pattern.clone()).escape(ESCAPE)))
        });
        all = all.add(any);
    }
    all
}

fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for letter in word.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_any_character_means_itself() {
        assert_eq!(pattern("50%_a!B"), "%50!%!_a!!b%");
    }
}
