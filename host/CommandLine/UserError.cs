using EDA.Engine;

namespace EDA.Host.CommandLine;

/// <summary>
/// Something the user asked for cannot be done as asked. The message is one line that names the thing, its value and
/// what is allowed; the program ends with status 2.
/// </summary>
public sealed class UserError : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="message">The line.</param>
    public UserError(string message)
        : base(OneLine.Of(message))
    {
    }

    /// <summary>A value that is not allowed.</summary>
    /// <param name="name">The option or argument.</param>
    /// <param name="value">The refused value.</param>
    /// <param name="allowed">What is allowed, to stand after "allowed is".</param>
    /// <returns>The error.</returns>
    public static UserError Value(string name, string value, string allowed) => new($"{name} is '{value}'; allowed is {allowed}");

    /// <summary>A value that is none of a list.</summary>
    /// <param name="name">The option or argument.</param>
    /// <param name="value">The refused value.</param>
    /// <param name="allowed">The list.</param>
    /// <returns>The error.</returns>
    public static UserError Choice(string name, string value, IEnumerable<string> allowed) =>
        Value(name, value, "one of " + string.Join(", ", allowed));
}
