using EDA.Host.CommandLine;

namespace EDA.Tests.Mutation;

/// <summary>The eda command line without a process of its own: what it writes is thrown away, what it throws is the program's line.</summary>
internal static class InProcess
{
    /// <summary>Runs a command line.</summary>
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="InvalidOperationException">It failed without saying why.</exception>
    public static string Eda(params string[] words)
    {
        var (output, error) = (Console.Out, Console.Error);
        using var text = new StringWriter();
        Console.SetOut(text);
        Console.SetError(TextWriter.Null);
        try
        {
            int status = EdaCommandLine.InvokeAsync(words).GetAwaiter().GetResult();
            if (status != ExitStatus.Success)
                throw new InvalidOperationException($"status {status}");
            if (text.ToString().FirstOrDefault(letter => char.IsControl(letter) && !Environment.NewLine.Contains(letter, StringComparison.Ordinal)) is var hidden and not '\0')
                throw new InvalidOperationException(FormattableString.Invariant($"shows the control character {(int)hidden}"));
            return text.ToString();
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
