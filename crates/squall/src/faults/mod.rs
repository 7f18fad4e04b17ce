//! Faults as this program has them: the ledger's file, the guard's process, and what a run needs of both.

pub mod guard;
pub mod halt;
pub mod keeper;
pub mod show;
mod stop;
pub mod store;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use squall_engine::fault::injector::Injector;
use squall_engine::fault::rails::Rails;
use squall_engine::{Interrupts, Signal};
use squall_host::Host;
use squall_model::Value;

use keeper::Keeper;
use store::FileStore;

/// The faults of one run. Nothing is opened or started before the first.
#[derive(Default)]
pub struct Faults {
    run: RefCell<String>,
    settings: RefCell<Value>,
    injector: OnceCell<Rc<Injector>>,
    watcher: RefCell<Option<tokio::task::JoinHandle<()>>>,
}

impl Faults {
    /// For the run of that id, with these settings.
    pub fn begin(&self, run: &str, settings: &Value) {
        run.clone_into(&mut self.run.borrow_mut());
        *self.settings.borrow_mut() = settings.clone();
    }

    /// The injector; the ledger is opened now, if it is not yet.
    ///
    /// # Errors
    /// The ledger cannot be used, or the guard rails are not understood.
    pub fn injector(&self, interrupts: &Interrupts) -> Result<Rc<Injector>, String> {
        if let Some(injector) = self.injector.get() {
            return Ok(Rc::clone(injector));
        }
        let rails = self.rails()?;
        let store = FileStore::open().map_err(|error| {
            format!(
                "{error}. Without it nothing is injected, since nobody could put it back: make that folder writable for \
                 this user, or set XDG_STATE_HOME to one that is"
            )
        })?;
        // That it stays large harms nobody.
        let _ = store.renew();
        let run = self.run.borrow().clone();
        let keeper = Rc::new(Keeper::new(store.folder().to_owned(), run.clone()));
        let guard = Rc::clone(&keeper);
        let host = Rc::new(Host);
        let injector = Rc::new(Injector::new(host.clone(), host, Rc::new(store), guard, rails, run));
        *self.watcher.borrow_mut() =
            Some(tokio::task::spawn_local(watch(keeper, Rc::clone(&injector), interrupts.clone())));
        Ok(Rc::clone(self.injector.get_or_init(|| injector)))
    }

    /// What the settings forbid.
    ///
    /// # Errors
    /// They are not understood.
    pub fn rails(&self) -> Result<Rails, String> {
        rails(&self.settings.borrow())
    }

    /// Puts back what is still held.
    pub fn restore(&self) {
        if let Some(injector) = self.injector.get() {
            injector.undo_all();
        }
    }

    /// What the journal says of faults; nothing where there were none.
    pub fn journal(&self) -> Option<Value> {
        let clean_ups = self.injector.get()?.clean_ups();
        (!clean_ups.is_empty()).then(|| show::journal(&clean_ups))
    }

    /// What could not be put back, or not be shown to be.
    pub fn left(&self) -> Vec<String> {
        self.injector.get().map(|injector| show::left(&injector.clean_ups())).unwrap_or_default()
    }

    /// Lets the guard go.
    pub fn end(&self) {
        if let Some(watcher) = self.watcher.borrow_mut().take() {
            watcher.abort();
        }
    }
}

/// Sees to it that there is a guard as long as there are faults; without one the run ends.
async fn watch(keeper: Rc<Keeper>, injector: Rc<Injector>, interrupts: Interrupts) {
    loop {
        keeper.lost().await;
        if !injector.held().is_empty() {
            log::warn!("The guard is gone; starting another one");
        }
        if let Err(error) = injector.ensure_guard() {
            log::error!("No guard can be started, so all faults were put back and the run ends: {error}");
            interrupts.raise(Signal::Terminate);
            return;
        }
    }
}

/// The guard rails of the settings, and whether the file is there that stops everything.
///
/// # Errors
/// They are not understood.
fn rails(settings: &Value) -> Result<Rails, String> {
    let mut rails = Rails::from_settings(settings).map_err(|problems| problems.join("; "))?;
    if let Some(file) = &rails.stop_file {
        rails.stopped = std::path::Path::new(&squall_os::paths::expand_user(file)).exists();
    }
    let offset = jiff::tz::TimeZone::system().to_offset(jiff::Timestamp::now()).seconds();
    rails.zone_minutes = i64::from(offset) / 60;
    Ok(rails)
}

/// Tells the host's network faults which hosts the services of AWS are.
pub fn know_aws() {
    squall_host::network::selector::endpoints_by(aws_hosts);
}

/// The hosts of `s3`, in the region of the environment, or of `s3:eu-west-1`.
fn aws_hosts(service: &str) -> Result<Vec<String>, String> {
    let (service, region) = match service.split_once(':') {
        Some((service, region)) => (service, Some(region.to_owned())),
        None => {
            let of_environment = ["AWS_REGION", "AWS_DEFAULT_REGION"];
            (service, of_environment.into_iter().find_map(|name| std::env::var(name).ok()))
        }
    };
    let fine = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    if service.is_empty() || !service.chars().all(fine) {
        return Err(format!(
            "expected a service of AWS such as s3 or s3:eu-west-1, or a file; found `{service}`"
        ));
    }
    squall_aws::endpoint::host_names(service, region.as_deref()).map_err(|error| {
        format!("`{service}`: {error}; name the region, as in {service}:eu-west-1, or set AWS_REGION")
    })
}

#[cfg(test)]
mod tests {
    use super::aws_hosts;

    #[test]
    fn services_of_aws_are_hosts() {
        let hosts = |service: &str| aws_hosts(service).map(|hosts| hosts.join(" "));
        assert_eq!(hosts("s3:eu-west-1").as_deref(), Ok("s3.eu-west-1.amazonaws.com"));
        assert_eq!(hosts("dynamodb:us-east-2").as_deref(), Ok("dynamodb.us-east-2.amazonaws.com"));
        assert_eq!(hosts("sts:cn-north-1").as_deref(), Ok("sts.cn-north-1.amazonaws.com.cn"));
        assert!(hosts("no such;thing").is_err());
    }
}
