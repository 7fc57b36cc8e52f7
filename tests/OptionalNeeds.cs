extern alias ilgpu;

using System.ComponentModel;
using System.Diagnostics;
using EDA.Engine.Data.Hdf5;
using EDA.Engine.Environments.Mujoco;
using EDA.Engine.Optimizers;
using EDA.Kernels.Cpu.Matrix;
using EDA.Tests.Data;
using EDA.Tests.Gpu;
using CudaMachine = ilgpu::EDA.Kernels.Gpu.CudaMachine;

namespace EDA.Tests;

/// <summary>
/// What a test may do without: the only reasons to skip one. Each entry says whether this machine has the thing and,
/// if not, what would bring it.
/// </summary>
public static class OptionalNeeds
{
    public const string Libtorch = "libtorch";
    public const string LibtorchPackages = "a libtorch package for this system";
    public const string PyTorch = "PyTorch";
    public const string Hdf5 = "the HDF5 C library";
    public const string RecordedDatasets = "recorded datasets";
    public const string Ptxas = "ptxas";
    public const string FakeDriver = "a C compiler on Linux";
    public const string Mujoco = "MuJoCo";
    public const string Bash = "bash";
    public const string Linux = "Linux";
    public const string Hdf5AndBash = "the HDF5 C library and bash";
    public const string NoMujoco = "a machine without MuJoCo";
    public const string SmallDisk = "a disk of its own";
    public const string Slurm = "Slurm";
    public const string NvidiaGpu = "an NVIDIA GPU";
    public const string RecordedPhysics = "recorded datasets and MuJoCo 2.2.2";
    public const string Mujoco222 = "MuJoCo 2.2.2";
    public const string AmxTiles = "AMX tiles";
    public const string Browser = "a browser";
    public const string PythonAlone = "python3";
    public const string Numpy = "python3 with numpy";
    public const string Onnx = "python3 with onnx";
    public const string NoAmxTiles = "a processor without AMX tiles";

    private static readonly Lazy<string?> Python = new(() => FindPython("torch", "numpy"));
    private static readonly Lazy<string?> NumpyPython = new(() => OperatingSystem.IsWindows() ? null : FindPython("numpy"));
    private static readonly Lazy<string?> OnnxPython = new(() => FindPython("onnx"));

    private static readonly Dictionary<string, (Func<bool> Present, string Remedy)> Table = new()
    {
        [Bash] = (() => !OperatingSystem.IsWindows() && File.Exists("/bin/bash"), "run the tests on Linux or macOS"),
        [Linux] = (OperatingSystem.IsLinux, "run the tests on Linux"),
        [Hdf5AndBash] = (() => ReasonToSkip(Hdf5) is null && ReasonToSkip(Bash) is null, "run the tests on Linux or macOS, with libhdf5-103-1 (Debian, Ubuntu), elsewhere hdf5"),
        [NoMujoco] = (() => !MujocoLibrary.OfMachine.IsFound, "remove Debian's package libmujoco2.2.2, or where EDA_MUJOCO says it is"),
        [SmallDisk] = (() => Crash.FullDisk.CanBeHad, "run the tests on Linux as root, where file systems can be mounted"),
        [Slurm] = (() => Experiments.SlurmCluster.CanBeHad, "run the tests on Linux as root, with slurm-wlm and munge (Debian, Ubuntu)"),
        [Browser] = (() => EDA.Tests.Host.View.Browser.Program is not null, "install Debian's package chromium, or set EDA_BROWSER to a Chromium"),
        [PythonAlone] = (() => !OperatingSystem.IsWindows() && FindPython() is not null, "install python3"),
        [Numpy] = (() => NumpyPython.Value is not null, "install numpy for the python3 on the PATH, or Debian's python3-numpy"),
        [Onnx] = (() => OnnxPython.Value is not null, "install onnx for the python3 on the PATH, or Debian's python3-onnx"),
        [NoAmxTiles] = (() => MatrixUnits.Problem(MatrixUnit.Tiles) is not null, "run the tests on another processor"),
        [AmxTiles] = (() => MatrixUnits.Problem(MatrixUnit.Tiles) is null, "run the tests on an Intel server processor since Sapphire Rapids, under a system that gives processes its tiles"),
        [NvidiaGpu] = (() => CudaMachine.Gpus.Count > 0, "run the tests on a machine with one, with its driver"),
        [PyTorch] = (() => Python.Value is not null, "install PyTorch for the python3 on the PATH, or Debian's python3-torch"),
        [Mujoco] = (() => MujocoLibrary.OfMachine.IsFound, "install Debian's package libmujoco2.2.2"),
        [Mujoco222] = (() => MujocoLibrary.OfMachine.IsFound && MujocoLibrary.OfMachine.Calls.Version == 222, "install Debian's package libmujoco2.2.2"),
        [RecordedPhysics] = (() => ReasonToSkip(RecordedDatasets) is null && ReasonToSkip(Mujoco222) is null, $"set {RecordedData.Variable} to a folder with hopper-medium-replay-like.hdf5 and its siblings, and install libhdf5-103-1 and libmujoco2.2.2"),
        [Libtorch] = (() => TorchLibrary.OfMachine.IsFound, "run ./eda setup libtorch, which takes a system with the C++ library of GCC 13.2 or newer"),
        [LibtorchPackages] = (() => EDA.Host.Setup.LibtorchPackages.ArePublished, "take Linux or Windows on x64, or macOS on arm64"),
        [Hdf5] = (() => Hdf5File.Library.IsFound, "install libhdf5-103-1 (Debian, Ubuntu), elsewhere hdf5"),
        [Ptxas] = (() => PtxAssembler.IsPresent, "put the ptxas of CUDA 11.8 or newer on the PATH (Debian, Ubuntu: nvidia-cuda-toolkit)"),
        [FakeDriver] = (() => Gpu.Driver.FakeDriver.CanBeHad, "put a C compiler on the PATH as cc (Debian, Ubuntu: gcc)"),
        [RecordedDatasets] = (() => RecordedData.Folder is not null && Hdf5File.Library.IsFound, $"set {RecordedData.Variable} to a folder with hopper-medium-replay-like.hdf5 and its siblings, and install libhdf5-103-1"),
    };

    /// <summary>A python3 that has PyTorch; null where there is none.</summary>
    public static string? PythonWithTorch => Python.Value;

    /// <summary>A python3 that has numpy; null where there is none.</summary>
    public static string? PythonWithNumpy => NumpyPython.Value;

    /// <summary>A python3 that has onnx; null where there is none.</summary>
    public static string? PythonWithOnnx => OnnxPython.Value;

    /// <summary>The listed needs.</summary>
    public static IReadOnlyCollection<string> Names => Table.Keys;

    /// <summary>Why a test with this need is skipped, or null where the need is met.</summary>
    /// <exception cref="ArgumentException">The need is not listed.</exception>
    public static string? ReasonToSkip(string need)
    {
        if (!Table.TryGetValue(need, out var entry))
            throw new ArgumentException($"'{need}' is no optional need; allowed are {string.Join(", ", Names)}", nameof(need));
        return entry.Present() ? null : $"needs {need}: {entry.Remedy}";
    }

    private static string? FindPython(params string[] modules)
    {
        foreach (string python in (string[])["python3", "/usr/bin/python3"])
        {
            try
            {
                var start = new ProcessStartInfo(python, ["-c", "import importlib.util, sys; sys.exit(any(importlib.util.find_spec(name) is None for name in sys.argv[1:]))", .. modules])
                {
                    RedirectStandardError = true,
                };
                using var process = Process.Start(start)!;
                process.WaitForExit();
                if (process.ExitCode == 0)
                    return python;
            }
            catch (Win32Exception)
            {
                // No such program.
            }
        }

        return null;
    }
}
