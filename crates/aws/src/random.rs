//! Random choices, repeatable by their seed.

use std::cell::{Cell, RefCell};

/// A source of random choices that one run shares.
///
/// The same seed gives the same choices, as long as the choices are asked for in the same order, of
/// the same lists.
pub struct Random {
    seed: u64,
    used: Cell<bool>,
    generator: RefCell<fastrand::Rng>,
}

impl Random {
    /// A source that starts from `seed`.
    pub fn new(seed: u64) -> Self {
        Random { seed, used: Cell::new(false), generator: RefCell::new(fastrand::Rng::with_seed(seed)) }
    }

    /// A source with a seed that nobody chose.
    pub fn unseeded() -> Self {
        // Numbers that every reader of JSON takes as they are.
        Random::new(fastrand::u64(..1 << 53))
    }

    /// The seed that the source started from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether anything was chosen.
    pub fn is_used(&self) -> bool {
        self.used.get()
    }

    /// `count` different ones of `items`, in random order; all of them where there are not as many.
    pub fn sample<T: Clone>(&self, items: &[T], count: usize) -> Vec<T> {
        self.used.set(true);
        let mut generator = self.generator.borrow_mut();
        generator.choose_multiple(items, count).into_iter().cloned().collect()
    }

    /// One of `items`; `None` of none.
    pub fn choice<'a, T>(&self, items: &'a [T]) -> Option<&'a T> {
        self.used.set(true);
        self.generator.borrow_mut().choice(items)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_seed_decides() {
        let items: Vec<u32> = (0..50).collect();
        let (one, same, other) = (Random::new(7), Random::new(7), Random::new(8));
        let first = one.sample(&items, 10);
        assert_eq!(first, same.sample(&items, 10));
        assert_ne!(first, other.sample(&items, 10));
        assert_eq!(one.choice(&items), same.choice(&items));
    }

    #[test]
    fn samples_hold_no_item_twice() {
        let items: Vec<u32> = (0..20).collect();
        let mut drawn = Random::new(1).sample(&items, 20);
        drawn.sort_unstable();
        assert_eq!(drawn, items);
        assert_eq!(Random::new(1).sample(&items, 30).len(), 20);
    }
}
