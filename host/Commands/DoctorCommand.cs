using System.CommandLine;
using System.Diagnostics;
using EDA.Host.CommandLine;
using EDA.Host.Devices;
using EDA.Host.Libraries;
using EDA.Host.Reports;
using EDA.Kernels.Cpu;
using EDA.Kernels.Cpu.Matrix;
using EDA.Kernels.Gpu;
using Spectre.Console;

namespace EDA.Host.Commands;

/// <summary>eda doctor: what this machine and this program have.</summary>
internal static class DoctorCommand
{
    private static readonly (MatrixUnit Unit, string Name)[] _matrixUnits = [(MatrixUnit.Tiles, "AMX tiles"), (MatrixUnit.DotProducts, "AVX512_BF16")];

    public static Command Create()
    {
        var command = new Command("doctor", "Show processor, devices, libraries and versions.");
        command.SetAction(_ =>
        {
            var options = DeviceChoice.Options();
            Line("cores", $"{Environment.ProcessorCount}, {options.Threads} used ({CpuOptions.ThreadsVariable} changes it)");
            Line("SIMD", $"{Word(options.Simd)}, best here {Word(CpuOptions.BestSimd)} ({CpuOptions.SimdVariable} changes it)");
            Line("bf16 matrix units", MatrixUnitWords());
            bool driver = CudaLibrary.OfMachine.IsFound;
            var gpus = driver ? CudaDevices.All : [];
            Line("devices", string.Join(", ", [DeviceChoice.Default, .. gpus.Select(gpu => gpu.Name)]));
            if (driver && CudaDevices.Problem is { } problem)
                Line("NVIDIA driver", problem);
            foreach (var (name, description) in driver ? gpus.Concat(CudaDevices.Unusable) : [])
                Line(name, description);
            Line("EDA.Engine", ProgramVersion.Engine);
            Line(".NET", ProgramVersion.Runtime);
            Line("system", ProgramVersion.System);
            foreach (var library in new[] { typeof(Command), typeof(AnsiConsole), typeof(CsvHelper.CsvReader), typeof(OxyPlot.PlotModel), typeof(Google.Protobuf.CodedOutputStream) })
                Line(library.Assembly.GetName().Name!, ProgramVersion.Of(library.Assembly).Split('+')[0]);
            Console.WriteLine();
            var rows = LibraryRow.All();
            if (Console.IsOutputRedirected)
                LibraryTable.Write(rows, Console.Out);
            else
                LibraryTable.Draw(rows, AnsiConsole.Console);
            return ExitStatus.Success;
        });
        return command;
    }

    private static string MatrixUnitWords() => string.Join("; ", _matrixUnits.Select(each => MatrixUnits.Problem(each.Unit) is { } problem ? $"no {each.Name}: {problem}" : each.Name));

    private static string Word(SimdLevel level) => level switch
    {
        SimdLevel.Avx512 => "AVX-512",
        SimdLevel.Avx2 => "AVX2",
        SimdLevel.Portable => "portable (128 bit)",
        _ => throw new UnreachableException($"vector width {level}"),
    };

    private static void Line(string name, string text) => Console.WriteLine($"{name,-19} {text}");
}
