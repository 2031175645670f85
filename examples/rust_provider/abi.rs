//! The C interface as Rust sees it: as much of patchbay/abi/*.h as this plugin uses, in the same order.
//! Views are borrowed until the call returns; nobody frees the other side's memory.

use std::os::raw::{c_char, c_void};

pub const ABI_MAJOR: u32 = 0;
pub const ABI_DRAFT: u32 = 2;
pub const PROVIDER_1: &str = "patchbay.provider/1";
pub const STREAM_1: &str = "patchbay.stream/1";

pub type Status = i32;
pub const OK: Status = 0;
pub const INTERNAL: Status = -1;
pub const UNSUPPORTED: Status = -18;
pub const MODEL_NOT_FOUND: Status = -24;

pub const EVENT_DELTA: u32 = 1;
pub const FINISH_STOP: u32 = 1;
pub const FINISH_CANCELLED: u32 = 6;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub data: *const u8,
    pub size: u64,
}

impl Str {
    pub fn of(text: &str) -> Str {
        Str { data: text.as_ptr(), size: text.len() as u64 }
    }

    /// # Safety
    /// Only while the call that handed it in has not returned.
    pub unsafe fn text<'a>(self) -> &'a str {
        if self.size == 0 {
            return "";
        }
        let bytes = std::slice::from_raw_parts(self.data, self.size as usize);
        std::str::from_utf8(bytes).unwrap_or("")
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Handle {
    pub bits: u64,
}

#[repr(C)]
pub struct Error {
    pub code: Status,
    pub flags: u32,
    pub retry_after_ms: i64,
    pub http_status: u32,
    pub reserved: u32,
    pub message: Str,
    pub detail_json: Str,
    pub extra_json: Str,
}

#[repr(C)]
pub struct Host {
    pub abi: u32,
    pub draft: u32,
    pub version: *const c_char,
    pub get_interface: extern "C" fn(*const Host, Str) -> *const c_void,
    pub set_error: extern "C" fn(*const Host, *const Error),
}

#[repr(C)]
pub struct Event {
    pub kind: u32,
    pub channel: u32,
    pub flags: u32,
    pub percent: u32,
    pub text: Str,
    pub name: Str,
    pub id: Str,
    pub extra_json: Str,
    pub usage: *const c_void,
}

#[repr(C)]
pub struct Stream1 {
    pub emit: extern "C" fn(*const Host, Handle, *const Event, u32) -> Status,
    pub finish: extern "C" fn(*const Host, Handle, u32, *const Error) -> Status,
    pub post: *const c_void, // not used here
}

#[repr(C)]
pub struct ChatRequest {
    pub model: Str, // and more, which is not used here
}

#[repr(C)]
pub struct Provider1 {
    pub open: extern "C" fn(*mut c_void, *const ChatRequest, Handle, *mut *mut c_void) -> Status,
    pub resume: extern "C" fn(*mut c_void),
    pub cancel: extern "C" fn(*mut c_void, u32),
    pub close: extern "C" fn(*mut c_void),
    pub models: Option<extern "C" fn(*mut c_void) -> Str>,
}

#[repr(C)]
pub struct Plugin {
    pub abi: u32,
    pub draft: u32,
    pub id: *const u8, // these three end with NUL
    pub version: *const u8,
    pub about_json: *const u8,
    pub create: extern "C" fn(*const Host, Str, *mut *mut c_void) -> Status,
    pub destroy: extern "C" fn(*mut c_void),
    pub get_interface: extern "C" fn(Str) -> *const c_void,
}

unsafe impl Sync for Plugin {} // constants, all of them
