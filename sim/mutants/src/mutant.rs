//! The mutants as caches that scenarios can name.

/// Defines `Mutant` by rows of: variant, module, name, about, violations.
macro_rules! mutants {
    ($($variant:ident $module:ident $name:literal $about:literal [$($rule:literal),*])*) => {
        /// A mutant of the core, or the core itself.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant {
            $(#[doc = $about] $variant,)*
        }

        impl Mutant {
            /// Why it is wrong, or why it is correct.
            pub fn about(self) -> &'static str {
                match self {
                    $(Mutant::$variant => $about,)*
                }
            }

            /// What the gate must find: the broken rules, and deadlocks. Empty if the mutant is
            /// correct.
            pub fn violations(self) -> &'static [&'static str] {
                match self {
                    $(Mutant::$variant => &[$($rule),*],)*
                }
            }
        }

        impl selvedge_sim::protocols::Caches for Mutant {
            const ALL: &'static [Self] = &[$(Mutant::$variant),*];
            const ON_PEERS: bool = false;
            const VALUES_ARE_OPAQUE: bool = true;

            fn name(self) -> &'static str {
                match self {
                    $(Mutant::$variant => $name,)*
                }
            }

            fn abilities(self) -> &'static [selvedge_sim::scenario::Ability] {
                selvedge_sim::scenario::Ability::ALL
            }

            fn build<P, R, V>(self, tiers: selvedge_sim::protocols::Tiers<P, R>, visitor: V) -> V::Output
            where
                P: selvedge::sync::Primitives,
                R: selvedge::Remote<
                        selvedge_sim::history::Key,
                        selvedge_sim::history::Value,
                        Error = selvedge_sim::protocols::Failure,
                    > + 'static,
                V: selvedge_sim::protocols::Visitor,
            {
                match self {
                    $(Mutant::$variant => visitor.visit($module::adapter::build(tiers)),)*
                }
            }
        }
    };
}
