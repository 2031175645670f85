//! fibonacci: a provider whose model says how many numbers it tells: "5" answers "0 1 1 2 3";
//! one that is no number, ten.
//! Rust over the C headers; no panic leaves it.

mod abi;

use abi::{ChatRequest, Error, Event, Handle, Host, Plugin, Provider1, Status, Str, Stream1};
use std::os::raw::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::null;

const MOST: u32 = 90; // more does not fit into 64 bits

struct Instance {
    host: *const Host,
    streams: *const Stream1,
}

/// One answer, and where it stands.
struct Chat {
    host: *const Host,
    streams: *const Stream1,
    stream: Handle,
    left: u32,
    numbers: (u64, u64),
    finished: bool,
}

impl Chat {
    /// Tells numbers until the reader has had enough for now, or all are told.
    fn go_on(&mut self) {
        while self.left > 0 && !self.finished {
            self.left -= 1;
            let space = if self.left > 0 { " " } else { "" };
            let text = format!("{}{}", self.numbers.0, space);
            self.numbers = (self.numbers.1, self.numbers.0 + self.numbers.1);
            if self.say(&text) != abi::OK {
                return; // resume() or cancel() comes
            }
        }
        self.finish(abi::FINISH_STOP);
    }

    fn say(&self, text: &str) -> Status {
        let empty = Str::of("");
        let event = Event {
            kind: abi::EVENT_DELTA,
            channel: 0,
            flags: 0,
            percent: 0,
            text: Str::of(text),
            name: empty,
            id: empty,
            extra_json: empty,
            usage: null(),
        };
        unsafe { ((*self.streams).emit)(self.host, self.stream, &event, 1) }
    }

    fn finish(&mut self, reason: u32) {
        if !self.finished {
            self.finished = true;
            unsafe { ((*self.streams).finish)(self.host, self.stream, reason, null()) };
        }
    }
}

/// Tells the host why the current call fails.
fn fail(host: *const Host, code: Status, why: &str) -> Status {
    let empty = Str::of("");
    let error = Error {
        code,
        flags: 0,
        retry_after_ms: 0,
        http_status: 0,
        reserved: 0,
        message: Str::of(why),
        detail_json: empty,
        extra_json: empty,
    };
    unsafe { ((*host).set_error)(host, &error) };
    code
}

/// What runs between the host and Rust: a panic becomes a failure.
fn guarded(host: *const Host, body: impl FnOnce() -> Status) -> Status {
    catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| fail(host, abi::INTERNAL, "a panic"))
}

extern "C" fn create(host: *const Host, _config: Str, made: *mut *mut c_void) -> Status {
    guarded(host, || {
        let found = unsafe { ((*host).get_interface)(host, Str::of(abi::STREAM_1)) };
        if found.is_null() {
            return fail(host, abi::UNSUPPORTED, "the host has no streams");
        }
        let instance = Instance { host, streams: found as *const Stream1 };
        unsafe { *made = Box::into_raw(Box::new(instance)) as *mut c_void };
        abi::OK
    })
}

extern "C" fn destroy(instance: *mut c_void) {
    drop(unsafe { Box::from_raw(instance as *mut Instance) });
}

extern "C" fn open(
    instance: *mut c_void,
    request: *const ChatRequest,
    stream: Handle,
    state: *mut *mut c_void,
) -> Status {
    let instance = unsafe { &*(instance as *const Instance) };
    guarded(instance.host, || {
        let left = unsafe { (*request).model.text() }.parse().unwrap_or(10);
        if left > MOST {
            return fail(instance.host, abi::MODEL_NOT_FOUND, "more than 90");
        }
        let mut chat = Box::new(Chat {
            host: instance.host,
            streams: instance.streams,
            stream,
            left,
            numbers: (0, 1),
            finished: false,
        });
        chat.go_on();
        unsafe { *state = Box::into_raw(chat) as *mut c_void };
        abi::OK
    })
}

extern "C" fn resume(state: *mut c_void) {
    let chat = unsafe { &mut *(state as *mut Chat) };
    if catch_unwind(AssertUnwindSafe(|| chat.go_on())).is_err() {
        chat.finish(abi::FINISH_CANCELLED);
    }
}

extern "C" fn cancel(state: *mut c_void, _reason: u32) {
    unsafe { &mut *(state as *mut Chat) }.finish(abi::FINISH_CANCELLED);
}

extern "C" fn close(state: *mut c_void) {
    drop(unsafe { Box::from_raw(state as *mut Chat) });
}

static PROVIDER: Provider1 = Provider1 { open, resume, cancel, close, models: None };

extern "C" fn get_interface(id: Str) -> *const c_void {
    if unsafe { id.text() } == abi::PROVIDER_1 {
        &PROVIDER as *const Provider1 as *const c_void
    } else {
        null()
    }
}

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static patchbay_plugin_entry: Plugin = Plugin {
    abi: abi::ABI_MAJOR,
    draft: abi::ABI_DRAFT,
    id: b"org.example.fibonacci\0".as_ptr(),
    version: b"1.0.0\0".as_ptr(),
    about_json: b"{\"title\": \"Fibonacci\", \"interfaces\": [\"patchbay.provider/1\"]}\0".as_ptr(),
    create,
    destroy,
    get_interface,
};
