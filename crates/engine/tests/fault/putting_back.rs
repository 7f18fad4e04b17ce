//! Runs of faults in which somebody is killed, hangs, or comes between: the world afterwards is the world before.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use squall_engine::fault::arguments::Arguments;
use squall_engine::fault::guardian::Guardian;
use squall_engine::fault::hands;
use squall_engine::fault::injector::{Injector, Refusal};
use squall_engine::fault::ledger::Ledger;
use squall_engine::fault::port::{FaultError, Guard, Store};
use squall_engine::fault::rails::Rails;
use squall_engine::fault::record::Hand;
use squall_engine::fault::watch::{Duty, Watch};

use crate::world::{BOUND, Process, World};

/// What the runner does.
#[derive(Clone, Debug)]
enum Act {
    /// Injects a kind, with so many changes, of which one may fail.
    Inject { once: bool, changes: u64, fails_at: Option<u64> },
    /// Puts the fault back that is held at this place.
    Undo(usize),
    /// Does what is to be done again and again.
    Tick(usize),
    /// Lets time pass.
    Pass(u64),
    /// Notices that the guard is gone, if it is.
    Notice,
}

/// What comes between, while the runner waits for something.
#[derive(Clone, Copy, Debug)]
enum Between {
    /// Nothing.
    Nothing,
    /// So many milliseconds pass, and the guard does what is due: the runner hangs.
    Hangs(u64),
    /// `squall undo --all`.
    Undo,
}

/// A run and its misfortunes.
#[derive(Clone, Debug)]
struct Script {
    acts: Vec<Act>,
    runner_dies_at: Option<usize>,
    guard_dies_at: Option<usize>,
    torn: usize,
    between: (usize, Between),
    /// Whether another guard can be started.
    more_guards: bool,
}

/// The guards of a run, one after the other.
struct Guards {
    runner: Process,
    script: Script,
    running: RefCell<Option<(Process, Guardian<'static>)>>,
    started: RefCell<usize>,
}

impl Guards {
    fn with(&self, serve: impl FnOnce(&mut Guardian)) {
        // Nobody is there while one of them is being asked: then it is busy.
        let Ok(mut running) = self.running.try_borrow_mut() else { return };
        if let Some((_, guardian)) = running.as_mut().filter(|(process, _)| process.is_alive()) {
            serve(guardian);
        }
    }

    /// What the guard does while there is something to do at once.
    fn serve_now(&self) {
        self.with(|guardian| {
            for _ in 0..100 {
                match guardian.duty() {
                    Duty::Undo(fault) => guardian.undo(&fault),
                    Duty::Wait(_) | Duty::End => return,
                }
            }
            panic!("the guard never comes to an end");
        });
    }

    /// What it does when the runner is gone, to its end.
    fn serve_alone(&self, world: &RefCell<World>) {
        self.with(|guardian| {
            guardian.runner_gone();
            for _ in 0..1000 {
                match guardian.duty() {
                    Duty::Undo(fault) => guardian.undo(&fault),
                    Duty::Wait(millis) => {
                        world.borrow_mut().millis += millis.unwrap_or(Watch::RETRY_MILLIS);
                    }
                    Duty::End => return,
                }
            }
            panic!("the guard never comes to an end");
        });
    }
}

impl Guard for Guards {
    fn look(&self) -> Result<(), FaultError> {
        if !self.runner.is_alive() {
            return Err(FaultError::new("killed"));
        }
        let mut running = self.running.borrow_mut();
        if running.as_ref().is_none_or(|(process, _)| !process.is_alive()) {
            let first = *self.started.borrow() == 0;
            if !first && !self.script.more_guards {
                return Err(FaultError::new("no guard"));
            }
            *self.started.borrow_mut() += 1;
            let dies_at = self.script.guard_dies_at.filter(|_| first);
            let process = Process::start(&self.runner.world, Hand::Guard, dies_at, self.script.torn);
            let runner = self.runner.clone();
            // A guard lives as long as its process, which here is for ever.
            let store: &'static Process = Box::leak(Box::new(process.clone()));
            let end_runner: &'static dyn Fn(&_) = Box::leak(Box::new(move |_: &_| runner.die()));
            *running = Some((process, Guardian::new(store, store, "run", end_runner)));
        }
        let (process, guardian) = running.as_mut().expect("it was started");
        let looked = guardian.look();
        if !process.is_alive() {
            return Err(FaultError::new("it ended"));
        }
        looked.map_err(FaultError::new)
    }
}

/// The guard as the runner has it: one that does not answer is replaced, once.
struct Patient(Rc<Guards>);

impl Guard for Patient {
    fn look(&self) -> Result<(), FaultError> {
        self.0.look().or_else(|_| self.0.look())
    }
}

/// What was there in the end.
struct Outcome {
    runner_asked: usize,
    guard_asked: usize,
    /// How many records were open until `squall undo`.
    open: usize,
}

/// Plays a script, and holds what must hold whatever happens.
fn play(script: &Script) -> Outcome {
    let world = Rc::new(RefCell::new(World::default()));
    let runner = Process::start(&world, Hand::Runner, script.runner_dies_at, script.torn);
    let guards = Rc::new(Guards {
        runner: runner.clone(),
        script: script.clone(),
        running: RefCell::default(),
        started: RefCell::default(),
    });
    let (meddled, undoing) = (Rc::clone(&guards), Process::start(&world, Hand::Undo, None, 0));
    match script.between {
        (_, Between::Nothing) => {}
        (at, Between::Hangs(millis)) => runner.meddle(
            at,
            Box::new(move || {
                meddled.runner.world.borrow_mut().millis += millis;
                meddled.serve_now();
            }),
        ),
        (at, Between::Undo) => runner.meddle(at, Box::new(move || drop(undo_all(&undoing)))),
    }
    let host = Rc::new(runner.clone());
    let guard = Rc::new(Patient(Rc::clone(&guards)));
    let rails = Rails::default();
    let injector = Injector::new(host.clone(), host.clone(), host.clone(), guard, rails, "run".to_owned());
    for act in &script.acts {
        if runner.is_alive() {
            carry_out(act, &injector, &guards, &world);
        }
    }
    let alive = runner.is_alive();
    injector.undo_all();
    let clean_ups = injector.clean_ups();
    drop(injector);
    let survived = alive && runner.is_alive();
    let guarded = guards.running.borrow().as_ref().is_some_and(|(process, _)| process.is_alive());
    guards.serve_alone(&world);
    let guarded = guarded && guards.running.borrow().as_ref().is_some_and(|(process, _)| process.is_alive());

    let interfered = matches!(script.between.1, Between::Hangs(_) | Between::Undo);
    if survived || guarded {
        assert_restored(&world, "by the hand that survived");
    }
    if survived && !interfered {
        assert!(clean_ups.iter().all(hands::CleanUp::is_verified), "{clean_ups:?}");
    }
    let open = Ledger::read(&world.borrow().disk).open().count();
    let last = Process::start(&world, Hand::Undo, None, 0);
    for undone in undo_all(&last) {
        assert!(undone.is_ok_and(|clean_up| clean_up.is_verified()), "squall undo cannot put it back");
    }
    assert_restored(&world, "by squall undo");
    let ledger = Ledger::read(&world.borrow().disk);
    assert!(ledger.open().next().is_none(), "a record stays open: {ledger:?}");
    assert!(undo_all(&last).is_empty(), "squall undo finds something to do twice");
    let guard_asked = guards.running.borrow().as_ref().map_or(0, |(process, _)| process.asked());
    Outcome { runner_asked: runner.asked(), guard_asked, open }
}

fn undo_all(process: &Process) -> Vec<Result<hands::CleanUp, squall_engine::fault::port::StoreError>> {
    hands::undo_all(process, process, Hand::Undo, |_, _| true).expect("the ledger can be read")
}

fn assert_restored(world: &RefCell<World>, by: &str) {
    let world = world.borrow();
    assert!(world.changes.is_empty(), "not put back {by}: {:?}", world.changes);
    assert!(world.happened.values().all(|times| *times <= 1), "repeated: {:?}", world.happened);
}

fn carry_out(act: &Act, injector: &Injector, guards: &Guards, world: &RefCell<World>) {
    match act {
        Act::Inject { once, changes, fails_at } => {
            let mut texts = vec![("changes".to_owned(), changes.to_string())];
            texts.extend(fails_at.map(|at| ("fails_at".to_owned(), at.to_string())));
            let kind = if *once { "once" } else { "held" };
            let parameters = injector.catalogue().kind(kind).expect("there is such a kind").parameters;
            let arguments = Arguments::from_texts(parameters, &texts).expect("they fit");
            let plan = injector.plan(kind, &arguments, Some(Duration::from_secs(5))).expect("a plan");
            match injector.inject(plan) {
                Ok(_) | Err(Refusal::NotApplied { .. } | Refusal::Unsafe(_)) => {}
                Err(other) => panic!("refused: {other}"),
            }
        }
        Act::Undo(index) => {
            if let Some(fault) = injector.held().get(*index) {
                injector.undo(fault);
            }
        }
        Act::Tick(index) => {
            if let Some(fault) = injector.held().get(*index) {
                let _ = injector.tick(fault);
            }
        }
        Act::Pass(millis) => {
            world.borrow_mut().millis += millis;
            guards.serve_now();
        }
        Act::Notice => {
            let lost = guards.running.borrow().as_ref().is_some_and(|(process, _)| !process.is_alive());
            if lost {
                let _ = injector.ensure_guard();
            }
        }
    }
}

fn inject(changes: u64) -> Act {
    Act::Inject { once: false, changes, fails_at: None }
}

fn scripts() -> Vec<Vec<Act>> {
    let once = Act::Inject { once: true, changes: 1, fails_at: None };
    let fails = Act::Inject { once: false, changes: 3, fails_at: Some(1) };
    vec![
        vec![inject(2), Act::Tick(0), Act::Undo(0)],
        vec![once, inject(1), Act::Notice, Act::Tick(0)],
        vec![fails, inject(1), inject(1), Act::Undo(0), Act::Notice],
        vec![inject(1), Act::Pass(7000), Act::Tick(0), inject(1)],
    ]
}

fn untroubled(acts: Vec<Act>) -> Script {
    let between = (0, Between::Nothing);
    Script { acts, runner_dies_at: None, guard_dies_at: None, torn: 0, between, more_guards: true }
}

#[test]
fn whoever_is_killed_at_whatever_call_the_world_is_as_before() {
    let mut played = 0;
    for acts in scripts() {
        let usual = play(&untroubled(acts.clone()));
        assert!(usual.runner_asked > 20 && usual.guard_asked > 5, "the script does something");
        for runner in 0..=usual.runner_asked {
            // 0 is a call that never comes: each of them alone at every call, and together at a third of the pairs
            let guards =
                (0..=usual.guard_asked + 8).filter(|guard| runner * guard == 0 || (runner + guard) % 3 == 0);
            for guard in guards {
                let (runner_dies_at, guard_dies_at) = (Some(runner), Some(guard));
                let torn = if guard % 2 == 0 { 0 } else { 40 };
                let outcome =
                    play(&Script { runner_dies_at, guard_dies_at, torn, ..untroubled(acts.clone()) });
                assert!(guard > 0 || outcome.open == 0, "the guard has left a record open: {runner}");
                played += 1;
            }
        }
    }
    assert!(played > 1200, "{played}");
}

#[test]
fn whoever_comes_between_at_whatever_call_the_world_is_as_before() {
    let hangs = 5_000 + 60_000 + 2_000;
    let betweens = [
        Between::Undo,
        Between::Hangs(hangs),
        Between::Hangs(hangs + BOUND.as_millis() as u64),
        Between::Hangs(10),
    ];
    for acts in scripts() {
        let usual = play(&untroubled(acts.clone()));
        for at in 1..=usual.runner_asked {
            for between in betweens {
                play(&Script { between: (at, between), ..untroubled(acts.clone()) });
                let runner_dies_at = Some(at + 3);
                play(&Script { between: (at, between), runner_dies_at, ..untroubled(acts.clone()) });
            }
        }
    }
}

#[test]
fn without_another_guard_everything_is_put_back() {
    for acts in scripts() {
        let usual = play(&untroubled(acts.clone()));
        for guard in 1..=usual.guard_asked {
            play(&Script { guard_dies_at: Some(guard), more_guards: false, ..untroubled(acts.clone()) });
        }
    }
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => (any::<bool>(), 0_u64..4, proptest::option::weighted(0.3, 0_u64..4))
            .prop_map(|(once, changes, fails_at)| Act::Inject { once, changes, fails_at }),
        2 => (0_usize..3).prop_map(Act::Undo),
        1 => (0_usize..3).prop_map(Act::Tick),
        1 => (0_u64..80_000).prop_map(Act::Pass),
        1 => Just(Act::Notice),
    ];
    proptest::collection::vec(act, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_run_with_any_misfortune_leaves_nothing(
        acts in acts(),
        runner_dies_at in proptest::option::of(1_usize..160),
        guard_dies_at in proptest::option::of(1_usize..120),
        torn in 0_usize..400,
        at in 1_usize..160,
        between in prop_oneof![
            Just(Between::Nothing), Just(Between::Undo), (0_u64..80_000).prop_map(Between::Hangs)
        ],
        more_guards in any::<bool>(),
    ) {
        play(&Script { acts, runner_dies_at, guard_dies_at, torn, between: (at, between), more_guards });
    }
}

#[test]
fn a_lock_is_the_fault_s_own() {
    let world = Rc::new(RefCell::new(World::default()));
    let one = Process::start(&world, Hand::Guard, None, 0);
    let other = Process::start(&world, Hand::Undo, None, 0);
    let (first, second) = (one.new_id(), one.new_id());
    let _held = one.lock(&first).expect("it is free");
    assert!(other.lock(&first).is_err());
    assert!(other.lock(&second).is_ok());
}
