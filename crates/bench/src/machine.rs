//! Where it was measured.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use crate::Result;

/// Processor, cores and system, as in `AMD EPYC, 2 cores, linux x86_64`.
///
/// # Errors
/// If the operating system does not tell the number of cores.
pub fn name() -> Result<String> {
    let cores = available_parallelism()?;
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    Ok(format!("{}, {cores} cores, {os} {arch}", processor()))
}

/// The compiler that is found first, as in `rustc 1.95.0`: most likely the one that compiled this.
///
/// # Errors
/// If there is none.
pub fn rustc() -> Result<String> {
    let output = Command::new("rustc").arg("--version").output()?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.split(" (").next().unwrap_or_default().trim().to_owned())
}

/// What Linux or macOS calls the processor.
fn processor() -> String {
    let linux = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let macos = || {
        let sysctl = Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]).output();
        sysctl
            .ok()
            .and_then(|output| Some(String::from_utf8(output.stdout).ok()?.trim().to_owned()))
    };
    linux.or_else(macos).unwrap_or_else(|| "unknown processor".to_owned())
}
