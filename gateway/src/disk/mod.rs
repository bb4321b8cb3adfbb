//! What every database of ours asks of the disk: files for their owner alone, a lock, files that stay in their place, and words
//! for the engine's errors. What is kept in them is left to `outbox`, `suppression` and `subject`.

mod engine;
mod place;
mod private;

pub(crate) use engine::describe;
pub(crate) use place::Place;
pub use private::FileError;
pub(crate) use private::{
    LockError, close_all_to_others, folder_of, hand_over, in_file, lock, make_folder, open_or_make, private_file,
    sync_folder, with_suffix,
};
