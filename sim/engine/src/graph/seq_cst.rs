//! The order of SeqCst accesses and fences: psc of RC11 must be acyclic.
//!
//! The definitions of the paper:
//!
//! ```text
//! scb = po ∪ po|≠loc ; hb ; po|≠loc ∪ hb|loc ∪ co ∪ rb
//! psc_base = ([E_sc] ∪ [F_sc] ; hb?) ; scb ; ([E_sc] ∪ hb? ; [F_sc])
//! psc_F = [F_sc] ; (hb ∪ hb ; eco ; hb) ; [F_sc]
//! psc = psc_base ∪ psc_F
//! ```
//!
//! With `is_published` they are used as they are. Otherwise scb contains `po ; hb ; po` instead of its
//! second part. The two differ where po relates accesses of one location, as the read and the write
//! of a read-modify-write: the paper allows its example Z6.U, and the stronger order does not. GenMC
//! uses the stronger order too.
//!
//! The other conditions of RC11 (coherence, atomicity, no thin air) hold by construction: see
//! [`Graph::floor`].

use super::event::{Event, INITIAL, Label};
use super::execution_graph::Graph;
use super::relation::Relation;

/// Whether psc is acyclic.
pub(crate) fn is_ordered(graph: &Graph, is_published: bool) -> bool {
    if graph.seq_cst() < 2 {
        return true;
    }
    let count = graph.len();
    let (mut po, mut po_elsewhere, mut hb, mut hb_here) =
        (Relation::new(count), Relation::new(count), Relation::new(count), Relation::new(count));
    let is_access = |event: &Event| !matches!(event.label, Label::Fence | Label::Choice | Label::Object);
    for (second, event) in graph.events() {
        for (first, before) in graph.events() {
            if first == second || !graph.happens_before(first, second) {
                continue;
            }
            let is_here = is_access(before) && is_access(event) && before.location() == event.location();
            hb.add(first as usize, second as usize);
            if is_here {
                hb_here.add(first as usize, second as usize);
            }
            if before.task == event.task {
                po.add(first as usize, second as usize);
                if !(is_here && is_published) {
                    po_elsewhere.add(first as usize, second as usize);
                }
            }
        }
    }
    let (mut co, mut rf, mut rb) = (Relation::new(count), Relation::new(count), Relation::new(count));
    for location in graph.locations() {
        let writes = graph.writes(location);
        for (nth, &first) in writes.iter().enumerate() {
            for &second in &writes[nth + 1..] {
                co.add(first as usize, second as usize);
            }
        }
        for &read in graph.reads(location) {
            let event = graph.event(read);
            if event.label != Label::Read {
                continue;
            }
            if event.reads_from != INITIAL {
                rf.add(event.reads_from as usize, read as usize);
            }
            for &later in &writes[graph.place(location, event.reads_from)..] {
                // The write of a read-modify-write does not follow its own read: they are one event.
                rb.add(read as usize, later as usize);
            }
        }
    }
    let mut eco = co.clone();
    eco.join(&rf);
    eco.join(&rb);
    eco.close();
    let mut scb = po_elsewhere.then(&hb).then(&po_elsewhere);
    for part in [&po, &hb_here, &co, &rb] {
        scb.join(part);
    }
    let label = |nth: usize| graph.event(nth as u32);
    let is_access_sc = |nth: usize| label(nth).order.is_seq_cst() && label(nth).label != Label::Fence;
    let is_fence_sc = |nth: usize| label(nth).order.is_seq_cst() && label(nth).label == Label::Fence;
    let is_sc = |nth: usize| label(nth).order.is_seq_cst();
    // [E_sc] covers fences too: they are SeqCst events.
    let mut begins = Relation::new(count);
    let mut ends = Relation::new(count);
    for nth in (0..count).filter(|&nth| is_sc(nth)) {
        begins.add(nth, nth);
        ends.add(nth, nth);
    }
    let mut from_fences = hb.clone();
    from_fences.keep(is_fence_sc, |_| true);
    begins.join(&from_fences);
    let mut to_fences = hb.clone();
    to_fences.keep(|_| true, is_fence_sc);
    ends.join(&to_fences);
    let mut psc = begins.then(&scb).then(&ends);
    let mut fences = hb.then(&eco).then(&hb);
    fences.join(&hb);
    fences.keep(is_fence_sc, is_fence_sc);
    psc.join(&fences);
    debug_assert!((0..count).any(|nth| is_access_sc(nth) || is_fence_sc(nth)));
    !psc.is_cyclic()
}
