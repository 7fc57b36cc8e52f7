using System.CommandLine;
using EDA.Engine.Data.Hdf5;
using EDA.Engine.Environments.Mujoco;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Reports;
using EDA.Kernels.Cpu;

namespace EDA.Host.Commands;

/// <summary>eda doctor: what this machine and this build have.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var command = new Command("doctor", "Show processor, devices, libraries and versions.");
        command.SetAction(_ =>
        {
            var options = DeviceChoice.Options();
            bool driver = NvidiaDriver.IsPresent;
            Line("cores", $"{Environment.ProcessorCount}, {options.Threads} used ({CpuOptions.ThreadsVariable} changes it)");
            Line("SIMD", $"{Word(options.Simd)}, best here {Word(CpuOptions.BestSimd)} ({CpuOptions.SimdVariable} changes it)");
            var gpus = driver ? CudaDevices.All : [];
            Line("devices", string.Join(", ", [DeviceChoice.Default, .. gpus.Select(gpu => gpu.Name)]));
            Line("NVIDIA driver", driver ? string.Join("; ", new[] { "present", CudaDevices.Problem }.OfType<string>()) : "none");
            foreach (var (name, description) in gpus)
                Line(name, description);

            Line("MuJoCo", MujocoLibrary.Refusal ?? $"{MujocoLibrary.Instance.VersionText} ({MujocoLibrary.Instance.Path})");
            Line("HDF5", Hdf5File.IsAvailable(out string? missing) ? Hdf5File.LibraryName : missing!);
            Line("EDA.Engine", ProgramVersion.Engine);
            Line(".NET", ProgramVersion.Runtime);
            Line("system", ProgramVersion.System);
            foreach (var library in new[] { typeof(Command), typeof(Spectre.Console.AnsiConsole), typeof(CsvHelper.CsvReader), typeof(OxyPlot.PlotModel), typeof(Google.Protobuf.CodedOutputStream), typeof(ILGPU.Context), typeof(ILGPU.Algorithms.XMath), typeof(TorchSharp.torch) })
                Line(library.Assembly.GetName().Name!, ProgramVersion.Of(library.Assembly).Split('+')[0]);
            return ExitStatus.Success;
        });
        return command;
    }

    private static string Word(SimdLevel level) => level switch
    {
        SimdLevel.Avx512 => "AVX-512",
        SimdLevel.Avx2 => "AVX2",
        _ => "portable (128 bit)",
    };

    private static void Line(string name, string text) => Console.WriteLine($"{name,-19} {text}");
}
