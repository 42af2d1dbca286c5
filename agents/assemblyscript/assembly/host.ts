// What the host offers to agents, one declaration each. Pointers and lengths are in bytes;
// negative results are errors: -1 not found, -2 invalid argument, -3 limit exceeded,
// -4 not permitted.

@external("caxton", "send_message")
export declare function send_message(message: usize, length: usize): i32;

@external("caxton", "broadcast_message")
export declare function broadcast_message(filter: usize, filterLength: usize, message: usize, length: usize): i32;

@external("caxton", "register_capability")
export declare function register_capability(name: usize, length: usize): i32;

@external("caxton", "subscribe_messages")
export declare function subscribe_messages(filter: usize, filterLength: usize): i32;

@external("caxton", "store_data")
export declare function store_data(key: usize, keyLength: usize, value: usize, valueLength: usize): i32;

@external("caxton", "load_data")
export declare function load_data(key: usize, keyLength: usize, buffer: usize, capacity: usize): i32;

@external("caxton", "delete_data")
export declare function delete_data(key: usize, keyLength: usize): i32;

@external("caxton", "get_config")
export declare function get_config(key: usize, keyLength: usize, buffer: usize, capacity: usize): i32;

@external("caxton", "set_timer")
export declare function set_timer(delay_us: i64): i32;

@external("caxton", "cancel_timer")
export declare function cancel_timer(id: i32): i32;

@external("caxton", "current_timestamp")
export declare function current_timestamp(): i64;

@external("caxton", "random_u32")
export declare function random_u32(): i32;

@external("caxton", "fuel_remaining")
export declare function fuel_remaining(): i64;

@external("caxton", "console_log")
export declare function console_log(line: usize, length: usize): void;

@external("caxton", "console_error")
export declare function console_error(line: usize, length: usize): void;
