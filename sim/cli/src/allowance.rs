//! The budget that all cases of a command share.

use std::time::Instant;

use selvedge_sim::number::{counted, lasted};
use selvedge_sim::verdict::Budget;

/// The budget of all cases together, and how much of it is spent.
#[derive(Debug)]
pub(crate) struct Allowance {
    total: Budget,
    began: Instant,
    schedules: u64,
}

impl Allowance {
    /// Nothing is spent.
    pub(crate) fn new(total: Budget) -> Self {
        Allowance { total, began: Instant::now(), schedules: 0 }
    }

    /// The budget of the next case: `case`, limited to the rest of the total.
    pub(crate) fn of(&self, case: Budget) -> Budget {
        let schedules = self.total.schedules.map(|most| most.saturating_sub(self.schedules));
        let time = self.total.time.map(|most| most.saturating_sub(self.began.elapsed()));
        Budget {
            schedules: case.schedules.into_iter().chain(schedules).min(),
            time: case.time.into_iter().chain(time).min(),
            ..case
        }
    }

    /// Counts executed schedules.
    pub(crate) fn spend(&mut self, schedules: u64) {
        self.schedules += schedules;
    }

    /// The bound that is used up, if any.
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
    fn spending_shrinks_the_rest_and_a_case_never_exceeds_its_own_budget() {
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
    fn elapsed_time_is_used_up_for_all_cases() {
        let allowance = Allowance::new(budget(None, Some(Duration::ZERO)));
        assert_eq!(allowance.used_up().as_deref(), Some("the bound of 0 ms in all"));
        assert_eq!(allowance.of(budget(None, Some(Duration::MAX))).time, Some(Duration::ZERO));
    }

    #[test]
    fn without_a_total_no_bound_is_used_up() {
        let mut allowance = Allowance::new(Budget::default());
        allowance.spend(u64::MAX);
        assert_eq!(allowance.used_up(), None);
        assert_eq!(allowance.of(budget(Some(7), None)), budget(Some(7), None));
    }
}
