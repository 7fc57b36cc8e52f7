using System.CommandLine;
using System.Reflection;
using EDA.Engine.Data.Hdf5;
using EDA.Engine.Environments.Mujoco;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Reports;
using EDA.Host.Setup;
using EDA.Kernels.Cpu;

namespace EDA.Host.Commands;

/// <summary>eda doctor: what this machine and this build have.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var command = new Command("doctor", "Show processor, devices, optional packages and versions.");
        command.SetAction(_ =>
        {
            var options = DeviceChoice.Options();
            bool driver = NvidiaDriver.IsPresent;
            Line("cores", $"{Environment.ProcessorCount}, {options.Threads} used ({CpuOptions.ThreadsVariable} changes it)");
            Line("SIMD", $"{Word(options.Simd)}, best here {Word(CpuOptions.BestSimd)} ({CpuOptions.SimdVariable} changes it)");
            var gpus = driver ? CudaDevices.All : [];
            Line("devices", string.Join(", ", [DeviceChoice.Default, DeviceChoice.Software, .. gpus.Select(gpu => gpu.Name)]));
            Line("NVIDIA driver", driver ? string.Join("; ", new[] { "present", CudaDevices.Problem }.OfType<string>()) : "none");
            foreach (var (name, description) in driver ? gpus.Concat(CudaDevices.Unusable) : [])
                Line(name, description);

            var states = OptionalProps.Read(SourceTree.Root);
            foreach (var package in OptionalPackage.All)
            {
                bool built = IsBuiltIn(package.Property);
                var state = states[package.Property];
                string why = state.Reason ?? "never tried; ./eda setup tries it";
                Line(package.Name, $"{(built ? "in" : "not in")} ({package.Purpose}): {(built == state.On ? why : "the build is older than optional.props; the next ./eda brings it up to date")}");
            }

            Line("MuJoCo", MujocoLibrary.Refusal ?? $"{MujocoLibrary.Instance.VersionText} ({MujocoLibrary.Instance.Path})");
            if (driver && !IsBuiltIn("UseIlgpu"))
                Console.WriteLine(SetupHint.Text);

            Line("HDF5", Hdf5File.IsAvailable(out string? missing) ? Hdf5File.LibraryName : missing!);
            Line("EDA.Engine", ProgramVersion.Engine);
            Line(".NET", ProgramVersion.Runtime);
            Line("system", ProgramVersion.System);
            foreach (var library in new[] { typeof(Command), typeof(Spectre.Console.AnsiConsole), typeof(CsvHelper.CsvReader), typeof(OxyPlot.PlotModel), typeof(Google.Protobuf.CodedOutputStream) })
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

    // EDA.Host.csproj writes the switches that the build saw into the assembly.
    private static bool IsBuiltIn(string property) => typeof(DoctorCommand).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Any(attribute => attribute.Key == property && string.Equals(attribute.Value, "true", StringComparison.OrdinalIgnoreCase));

    private static void Line(string name, string text) => Console.WriteLine($"{name,-19} {text}");
}
