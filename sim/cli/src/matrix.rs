//! `selvedge matrix`: each scenario as a grid.

use std::io::Write;

use selvedge_sim::report::grid;

use crate::error::Failure;
use crate::session::Session;

pub(crate) fn run(mut session: Session, out: &mut dyn Write) -> Result<u8, Failure> {
    for scenario in std::mem::take(&mut session.scenarios) {
        let mut cases = Vec::new();
        for case in &scenario.cases {
            cases.push(session.explore(case, out)?);
        }
        if session.is_text() {
            session.write(out, &format!("{}\n", grid(&scenario, &cases)))?;
        }
    }
    session.finish(out)
}
