//! Panics of static code while linking: caught with their location, and not reported on standard error.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `f`. A panic in it is not reported on standard error, and [`place`] returns its location.
pub(crate) fn catch<T>(f: impl FnOnce() -> T) -> std::thread::Result<T> {
    static HOOK: Once = Once::new();
    // A panicking thread can't change the hook. This can be a call in a destructor.
    if !std::thread::panicking() {
        HOOK.call_once(install);
    }
    // In the destructors of other thread locals, this one may be gone already. The location is then unknown.
    let _ = PLACE.try_with(|p| p.borrow_mut().clear());
    let outer = CATCHING.with(|c| c.replace(true));
    let result = catch_unwind(AssertUnwindSafe(f));
    CATCHING.with(|c| c.set(outer));
    result
}

fn install() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if CATCHING.with(Cell::get) {
            let place = info.location().map(|l| format!("{}:{}:{}", l.file(), l.line(), l.column()));
            let _ = PLACE.try_with(|p| *p.borrow_mut() = place.unwrap_or_default());
        } else {
            before(info);
        }
    }));
}

/// The location of the last caught panic.
pub(crate) fn place() -> String {
    PLACE.try_with(|p| p.borrow().clone()).unwrap_or_else(|_| "an unknown place".into())
}

/// The message of a caught panic.
pub(crate) fn message(payload: &(dyn std::any::Any + Send)) -> String {
    if let Some(s) = payload.downcast_ref::<&str>() {
        (*s).to_string()
    } else if let Some(s) = payload.downcast_ref::<String>() {
        s.clone()
    } else {
        "a panic".to_string()
    }
}
