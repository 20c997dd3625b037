//! What all cases of a command may cost together.

use std::time::Instant;

use selvedge_sim::number::{counted, lasted};
use selvedge_sim::verdict::Budget;

/// What all cases may cost together, and what of it is left.
#[derive(Debug)]
pub(crate) struct Allowance {
    total: Budget,
    began: Instant,
    schedules: u64,
}

impl Allowance {
    /// All of it is left.
    pub(crate) fn new(total: Budget) -> Self {
        Allowance { total, began: Instant::now(), schedules: 0 }
    }

    /// What a case that may cost so much by itself may still cost.
    pub(crate) fn of(&self, case: Budget) -> Budget {
        let schedules = self.total.schedules.map(|most| most.saturating_sub(self.schedules));
        let time = self.total.time.map(|most| most.saturating_sub(self.began.elapsed()));
        Budget {
            schedules: case.schedules.into_iter().chain(schedules).min(),
            time: case.time.into_iter().chain(time).min(),
            ..case
        }
    }

    /// So many schedules more have been run.
    pub(crate) fn spend(&mut self, schedules: u64) {
        self.schedules += schedules;
    }

    /// The bound that nothing is left of, if there is one.
    pub(crate) fn used_up(&self) -> Option<String> {
        match self.total {
            Budget { schedules: Some(most), .. } if self.schedules >= most => {
                Some(format!("the bound of {} in all", counted(most, "schedule")))
            }
            Budget { time: Some(most), .. } if self.began.elapsed() >= most => {
                Some(format!("the bound of {} in all", lasted(most)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn budget(schedules: Option<u64>, time: Option<Duration>) -> Budget {
        Budget { schedules, time, ..Budget::default() }
    }

    #[test]
    fn what_is_left_shrinks_and_a_case_never_gets_more_than_its_own() {
        let mut allowance = Allowance::new(budget(Some(100), None));
        assert_eq!(allowance.of(budget(Some(60), None)).schedules, Some(60));
        allowance.spend(60);
        assert_eq!(allowance.of(budget(Some(60), None)).schedules, Some(40));
        assert_eq!(allowance.of(budget(None, None)).schedules, Some(40));
        assert_eq!(allowance.used_up(), None);
        allowance.spend(40);
        assert_eq!(allowance.used_up().as_deref(), Some("the bound of 100 schedules in all"));
    }

    #[test]
    fn time_that_is_over_is_over_for_all() {
        let allowance = Allowance::new(budget(None, Some(Duration::ZERO)));
        assert_eq!(allowance.used_up().as_deref(), Some("the bound of 0 ms in all"));
        assert_eq!(allowance.of(budget(None, Some(Duration::MAX))).time, Some(Duration::ZERO));
    }

    #[test]
    fn without_a_total_nothing_is_ever_used_up() {
        let mut allowance = Allowance::new(Budget::default());
        allowance.spend(u64::MAX);
        assert_eq!(allowance.used_up(), None);
        assert_eq!(allowance.of(budget(Some(7), None)), budget(Some(7), None));
    }
}
