using System.Xml.Linq;

namespace EDA.Host.Setup;

/// <summary>What is known of one optional package.</summary>
/// <param name="On">Whether the build uses it.</param>
/// <param name="Reason">Why, in one line; null where nothing was ever tried.</param>
public readonly record struct OptionalState(bool On, string? Reason);

/// <summary>
/// optional.props: which optional packages the build uses. Directory.Build.props imports it; git ignores it, because
/// the answer belongs to a machine and its package feed.
/// </summary>
public static class OptionalProps
{
    private const string FileName = "optional.props";
    private const string ReasonSuffix = "Reason";

    /// <summary>Whether there is such a file.</summary>
    /// <param name="root">The repository's folder.</param>
    /// <returns>Whether setup came to an answer in this clone.</returns>
    public static bool Exist(string root) => File.Exists(Path.Combine(root, FileName));

    /// <summary>Reads the file.</summary>
    /// <param name="root">The repository's folder; null for none.</param>
    /// <returns>The state of each package, by property.</returns>
    public static Dictionary<string, OptionalState> Read(string? root)
    {
        var states = OptionalPackage.All.ToDictionary(package => package.Property, _ => new OptionalState(false, null), StringComparer.Ordinal);
        string path = Path.Combine(root ?? string.Empty, FileName);
        if (root is null || !File.Exists(path))
            return states;
        try
        {
            var properties = XDocument.Load(path).Descendants().Where(element => !element.HasElements)
                .GroupBy(element => element.Name.LocalName, StringComparer.Ordinal)
                .ToDictionary(group => group.Key, group => group.Last().Value, StringComparer.Ordinal);
            foreach (string property in states.Keys.ToList())
            {
                bool on = string.Equals(properties.GetValueOrDefault(property), "true", StringComparison.OrdinalIgnoreCase);
                states[property] = new OptionalState(on, properties.GetValueOrDefault(property + ReasonSuffix));
            }
        }
        catch (System.Xml.XmlException broken)
        {
            foreach (string property in states.Keys.ToList())
                states[property] = new OptionalState(false, $"{FileName} is broken: {broken.Message}");
        }

        return states;
    }

    /// <summary>Writes the file.</summary>
    /// <param name="root">The repository's folder.</param>
    /// <param name="states">The state of each package, by property.</param>
    public static void Write(string root, IReadOnlyDictionary<string, OptionalState> states)
    {
        var group = new XElement("PropertyGroup");
        foreach (var (property, state) in states)
        {
            group.Add(new XElement(property, state.On ? "true" : "false"));
            if (state.Reason is not null)
                group.Add(new XElement(property + ReasonSuffix, state.Reason));
        }

        string text = new XElement("Project", new XComment(" Written by ./eda setup; delete this file to forget what it found. "), group).ToString() + "\n";
        string path = Path.Combine(root, FileName);
        // A file that is the same stays as it is: a newer one would have everything built again.
        if (!File.Exists(path) || File.ReadAllText(path) != text)
            File.WriteAllText(path, text);
    }
}
