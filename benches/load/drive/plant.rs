//! A plant with its records, in a fresh database.

use super::databases::{Backend, Database};
use super::script;
use andon::boms::{self, Component, NewBom};
use andon::cli::seed;
use andon::db::{Db, migrations};
use andon::kit::decimal::ONE;
use andon::kit::{Clock, Result};
use andon::machines::{self, NewMachine};
use andon::orders::{self, NewOrder, Status};
use chrono::Days;
use sea_orm::ConnectionTrait as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The lines of every BOM: number, name, quantity, unit cost in whole units.
const COMPONENTS: [(&str, &str, i64, i64); 4] = [
    ("HSG-100", "Housing", 1, 84),
    ("BRG-6204", "Ball bearing 6204", 4, 12),
    ("SHF-020", "Input shaft", 1, 46),
    ("SEAL-35", "Shaft seal 35 mm", 2, 3),
];

/// A plant; its database goes with [`Plant::raze`], its folder when it is dropped.
pub(crate) struct Plant {
    database: Database,
    folder: TempDir,
}

impl Plant {
    /// Makes the database and loads the demo's records and those of the script.
    pub(crate) async fn build(backend: Backend) -> Result<Self> {
        // On a disk, as a plant's would be; what is kept for temporary files may be memory.
        let disk = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // Whoever was first has set the same.
        let _same = tempfile::env::override_temp_dir(disk);
        let folder = TempDir::with_prefix("andon_load_").map_err(andon::kit::Error::internal)?;
        let plant = Self { database: Database::create(backend).await, folder };
        let db = plant.open().await?;
        migrations::run(&db).await?;
        seed::run(&db, chrono_tz::Tz::UTC).await?;
        db.write(|tx| {
            Box::pin(async move {
                orders::add(tx, &orders(tx.now().date_naive())).await?;
                machines::add(tx, &machines()).await?;
                boms::add(tx, &boms()).await
            })
        })
        .await?;
        db.close().await?;
        Ok(plant)
    }

    /// Opens the database beside whoever else has it open.
    pub(crate) async fn open(&self) -> Result<Db> {
        Db::open(&self.url().into(), Clock::System).await
    }

    pub(crate) fn url(&self) -> String {
        self.database.url()
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Does what PostgreSQL's own house-keeping has long done for a plant of this age, also where that is switched off: it
    /// knows what its tables hold. The other two see to it by themselves.
    pub(crate) async fn is_known_to_its_server(&self) -> Result<()> {
        if self.url().starts_with("postgres") {
            let connection = sea_orm::Database::connect(self.url()).await?;
            connection.execute_unprepared("VACUUM ANALYZE").await?;
            connection.close().await?;
        }
        Ok(())
    }

    /// Drops the database.
    pub(crate) async fn raze(self) {
        self.database.destroy().await;
    }
}

fn orders(today: chrono::NaiveDate) -> Vec<NewOrder> {
    let numbers = (0..script::ORDERS).map(script::order);
    numbers
        .map(|number| NewOrder {
            number,
            customer: "Harbour Marine".to_owned(),
            product: "Gearbox GX-20".to_owned(),
            quantity_ordered: 200,
            quantity_completed: 150,
            quantity_rejected: 3,
            starts_on: today - Days::new(12),
            due_on: today + Days::new(7),
            status: Status::InProgress,
        })
        .collect()
}

fn machines() -> Vec<NewMachine> {
    let numbers = (0..script::MACHINES).map(script::machine);
    numbers
        .map(|number| NewMachine {
            number,
            name: "CNC lathe".to_owned(),
            location: "Hall 1".to_owned(),
            department: "Machining".to_owned(),
            spot: None,
        })
        .collect()
}

fn boms() -> Vec<NewBom> {
    let components = COMPONENTS.map(|(number, name, quantity, unit_cost)| Component {
        number: number.to_owned(),
        name: name.to_owned(),
        quantity: quantity * ONE,
        unit_cost: unit_cost * ONE,
    });
    let numbers = (0..script::BOMS).map(script::bom);
    let bom = |number| NewBom { number, product: "Gearbox GX-20".to_owned(), components: components.to_vec() };
    numbers.map(bom).collect()
}
