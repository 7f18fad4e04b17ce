//! Experiments that answer the classic questions about what an account holds: what happens when a task
//! dies, when two die, when an instance goes, when a cache reboots or times out, when a database fails
//! over.
//!
//! Each draft runs as it is: its hypothesis holds at the time of writing, and its rollbacks bring back
//! what its method takes away.

mod caches;
mod compute;
mod databases;
mod parts;

use squall_model::Value;

use crate::inventory::Inventory;

/// One experiment that could be run.
#[derive(Debug)]
pub struct Draft {
    /// A name for its file, without the ending: `ecs-shop-web-one-task-dies`.
    pub name: String,
    /// The question.
    pub title: String,
    /// The experiment.
    pub document: Value,
}

/// A question that cannot be asked now.
#[derive(Debug)]
pub struct Skipped {
    /// The question.
    pub title: String,
    /// Why not.
    pub reason: String,
}

/// What there is to ask.
#[derive(Debug, Default)]
pub struct Drafts {
    /// Experiments, in the order of the inventory.
    pub drafts: Vec<Draft>,
    /// What was left out, and why: a hypothesis that does not hold now teaches nothing.
    pub skipped: Vec<Skipped>,
}

/// The experiments for what a region holds.
pub fn from(inventory: &Inventory) -> Drafts {
    let mut drafts = Drafts::default();
    let region = inventory.region.as_str();
    for service in &inventory.services {
        compute::service(&mut drafts, region, service, &inventory.load_balancers);
    }
    for group in &inventory.groups {
        compute::group(&mut drafts, region, group);
    }
    for cache in &inventory.caches {
        caches::cache(&mut drafts, region, cache, &inventory.load_balancers);
    }
    for cluster in &inventory.clusters {
        databases::cluster(&mut drafts, region, cluster);
    }
    for database in &inventory.databases {
        databases::database(&mut drafts, region, database);
    }
    drafts
}

impl Drafts {
    fn skip(&mut self, title: impl Into<String>, reason: impl Into<String>) {
        self.skipped.push(Skipped { title: title.into(), reason: reason.into() });
    }
}

/// A name for a file: letters, digits and hyphens only.
fn file_name(parts: &[&str]) -> String {
    let joined = parts.join("-");
    let mut name = String::with_capacity(joined.len());
    for character in joined.chars() {
        let plain = if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' };
        if plain != '-' || !name.ends_with('-') {
            name.push(plain);
        }
    }
    name.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests;
