//! The cases that are run through both tools, live.

use crate::case::{self, Case, CaseError};
use crate::oracle;

/// Their number.
pub const SIZE: usize = 30;

/// A fixed sample: from every group its share, spread evenly over the group's cases in their order.
/// Cases with an intended difference are left out, since only one side is looked at there.
pub fn cases() -> Result<Vec<Case>, CaseError> {
    let groups: Vec<Vec<Case>> = oracle::groups::<Case>()?
        .iter()
        .map(|group| Ok(case::load(group)?.into_iter().filter(|case| case.differs.is_none()).collect()))
        .collect::<Result<_, CaseError>>()?;
    let total: usize = groups.iter().map(Vec::len).sum();
    let mut shares: Vec<usize> =
        groups.iter().map(|group| (group.len() * SIZE / total.max(1)).max(1)).collect();
    // rounding leaves a few over or short: the largest groups give or take
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(groups[*index].len()));
    for index in order.iter().cycle().take(SIZE * groups.len().max(1)) {
        match shares.iter().sum::<usize>().cmp(&SIZE) {
            std::cmp::Ordering::Less if shares[*index] < groups[*index].len() => shares[*index] += 1,
            std::cmp::Ordering::Greater if shares[*index] > 1 => shares[*index] -= 1,
            _ => {}
        }
    }
    let mut sample = Vec::new();
    for (group, share) in groups.iter().zip(shares) {
        let share = share.min(group.len());
        sample.extend((0..share).map(|index| group[index * group.len() / share].clone()));
    }
    Ok(sample)
}
