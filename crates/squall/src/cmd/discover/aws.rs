//! What an AWS account holds that an experiment could touch.

use squall_aws::inventory::{self, Inventory};
use squall_aws::session::{Scope, Session};

use crate::args::AwsScopeArgs;
use crate::wiring;

/// Why there is no inventory.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// There is no event loop.
    #[error("cannot start an event loop: {0}")]
    Runtime(#[from] std::io::Error),
    /// A region did not let us in at all.
    #[error("cannot look through {region}: {reason}{help}")]
    Region {
        /// The region's name, or what stands for it.
        region: String,
        /// What AWS said.
        reason: String,
        /// What to do, in a sentence of its own; empty where we do not know.
        help: String,
    },
}

/// Looks through the regions that the command names, one after the other.
pub fn take(args: &AwsScopeArgs) -> Result<Vec<Inventory>, InventoryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let session = wiring::aws_session();
        let mut found = Vec::new();
        for scope in scopes(args) {
            found.push(one(&session, &scope).await?);
        }
        Ok(found)
    })
}

async fn one(session: &Session, scope: &Scope) -> Result<Inventory, InventoryError> {
    log::info!("Looking through {}", scope.region.as_deref().unwrap_or("the region of the environment"));
    let inventory = inventory::take(session, scope).await.map_err(|error| InventoryError::Region {
        region: scope.region.as_deref().unwrap_or("the region of the environment").to_owned(),
        reason: error.to_string(),
        help: String::new(),
    })?;
    for refused in &inventory.refused {
        log::warn!("{} is left out: {}", refused.service, refused.reason);
    }
    Ok(inventory)
}

fn scopes(args: &AwsScopeArgs) -> Vec<Scope> {
    let scope = |region: Option<&str>| Scope {
        region: region.map(Into::into),
        profile: args.profile.as_deref().map(Into::into),
        role: args.role.as_deref().map(|arn| squall_aws::session::Role::new(arn, None)),
        ..Scope::default()
    };
    if args.region.is_empty() {
        return vec![scope(None)];
    }
    args.region.iter().map(|region| scope(Some(region))).collect()
}

/// Inventories as a table: one line a thing, columns as wide as they must be.
pub fn table(inventories: &[Inventory]) -> String {
    const HEAD: [&str; 4] = ["KIND", "NAME", "STATE", "WHAT TAKES OVER"];
    let mut text = String::new();
    for inventory in inventories {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("account {}, region {}\n", inventory.account, inventory.region));
        let rows = inventory.rows();
        if rows.is_empty() {
            text.push_str("  nothing that an experiment could touch\n");
            continue;
        }
        let head = HEAD.map(str::to_owned);
        let widths: [usize; 4] = std::array::from_fn(|column| {
            rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or(0)
        });
        for row in [&head].into_iter().chain(&rows) {
            let cells: Vec<String> =
                row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            text.push_str(&format!("  {}\n", cells.join("  ").trim_end()));
        }
    }
    text
}
