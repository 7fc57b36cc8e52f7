using System.ComponentModel;
using System.Diagnostics;
using EDA.Engine;
using EDA.Host.CommandLine;

namespace EDA.Bench.Sass;

/// <summary>NVIDIA's assembler and disassembler, which need no GPU.</summary>
internal static class CudaTools
{
    // What version 11.8 of the assembler, Debian's, still understands.
    private const string PtxVersion = ".version 7.8";

    /// <summary>Refuses a machine without the tools.</summary>
    /// <exception cref="UserError">They are not on the PATH.</exception>
    public static void Require()
    {
        foreach (string tool in new[] { "ptxas", "nvdisasm" })
        {
            if (!IsPresent(tool))
                throw new UserError($"{tool} is not on the PATH; it is part of NVIDIA's CUDA toolkit (in Debian: apt-get download nvidia-cuda-toolkit from non-free, dpkg -x, and its usr/bin on the PATH; nothing need be installed)");
        }
    }

    /// <summary>Assembles a kernel and reads back what came out.</summary>
    /// <param name="ptx">Its text.</param>
    /// <param name="architecture">For instance sm_90.</param>
    /// <returns>What the assembler says of it, and the listing: with line numbers of the text, and machine code in hexadecimal.</returns>
    /// <exception cref="UserError">A tool fails, as one does that is older than CUDA 11.8.</exception>
    public static (string Report, string Listing) Assemble(string ptx, string architecture)
    {
        var folder = Directory.CreateTempSubdirectory("eda-sass");
        try
        {
            string source = Path.Combine(folder.FullName, "kernel.ptx"), binary = Path.Combine(folder.FullName, "kernel.cubin");
            File.WriteAllText(source, WithLines(ptx));
            string report = Run("ptxas", $"-arch={architecture}", "-v", "-lineinfo", "-o", binary, source);
            return (report, Run("nvdisasm", "-g", "-hex", "-c", binary));
        }
        finally
        {
            folder.Delete(true);
        }
    }

    // Each line of the text that holds instructions is told to the assembler as a line of a source file: so its number stands
    // beside the machine's instructions that come of it. The code is the same with and without.
    private static string WithLines(string ptx)
    {
        string[] lines = ptx.ReplaceLineEndings("\n").Split('\n');
        var text = new List<string>(2 * lines.Length);
        bool inside = false;
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.StartsWith(".version", StringComparison.Ordinal))
            {
                text.Add(PtxVersion);
                continue;
            }

            if (inside && line.Length > 0 && !".{}/".Contains(line[0], StringComparison.Ordinal) && !line.EndsWith(':'))
                text.Add($".loc 1 {i + 1} 0");
            inside |= line == "{";
            text.Add(lines[i]);
            if (line.StartsWith(".address_size", StringComparison.Ordinal))
                text.Add(".file 1 \"kernel.ptx\"");
        }

        return string.Join('\n', text);
    }

    private static bool IsPresent(string tool)
    {
        try
        {
            Run(tool, "--version");
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static string Run(string tool, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new UserError($"{tool} ended with status {process.ExitCode}, which CUDA 11.8 or newer would not: {OneLine.Of(errors.Result.Trim())}");
        return output.Length > 0 ? output : errors.Result;
    }
}
