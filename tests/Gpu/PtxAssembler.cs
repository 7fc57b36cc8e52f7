using System.Diagnostics;
using System.Text.RegularExpressions;

namespace EDA.Tests.Gpu;

/// <summary>NVIDIA's assembler, which needs no GPU: the judge of whether PTX is right, and of registers.</summary>
internal static partial class PtxAssembler
{
    private static readonly string? _program = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "ptxas.exe" : "ptxas")).FirstOrDefault(File.Exists);

    /// <summary>Whether it is on the PATH.</summary>
    public static bool IsPresent => _program is not null;

    /// <summary>Assembles a kernel.</summary>
    /// <param name="ptx">Its PTX.</param>
    /// <param name="architecture">For instance sm_90.</param>
    /// <returns>The registers of an item, and the bytes that go to local memory because registers do not suffice.</returns>
    public static (int Registers, int SpilledBytes) Assemble(string ptx, string architecture)
    {
        string source = Path.GetTempFileName();
        try
        {
            File.WriteAllText(source, ptx);
            var start = new ProcessStartInfo(_program!, [$"-arch={architecture}", "-v", "-o", OperatingSystem.IsWindows() ? "NUL" : "/dev/null", source]) { RedirectStandardError = true };
            using var process = Process.Start(start)!;
            string said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, said);
            return (int.Parse(Registers().Match(said).Groups[1].Value), Spills().Matches(said).Sum(match => int.Parse(match.Groups[1].Value)));
        }
        finally
        {
            File.Delete(source);
        }
    }

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();

    [GeneratedRegex(@"(\d+) bytes (?:stack frame|spill stores|spill loads)")]
    private static partial Regex Spills();
}
